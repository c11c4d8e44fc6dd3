import { parseArgs } from 'node:util'
import { lab, medians, type Took } from './parts/program.ts'

/*
 * `node bench/answers.ts [--rounds 10]`: how long `npm run lab why` and `npm run lab coverage` take, whole, npm's own start included,
 * against `npm run lab -- --help`, the least that can be asked. In turns, so that a noisy host disturbs all alike; medians. Goal: 0.5 s.
 */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } })
const least = ['--', '--help']
const questions = [['why', 'S002-61'], ['coverage']]

const took = new Map<string[], Took[]>([...questions, least].map(args => [args, []]))
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [args, its] of took) its.push(await lab(...args))
}
const floor = medians(took.get(least) ?? []).passed
for (const [args, its] of took) {
  const { passed, processor } = medians(its)
  const times = `${passed.toFixed(2)} s, ${processor.toFixed(2)} s of processor time`
  console.log(`npm run lab ${args.join(' ').padEnd(12)}  ${times}, ratio ${(passed / floor).toFixed(2)}`)
}
