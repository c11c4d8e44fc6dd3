import { parseArgs } from 'node:util'
import { lab, medians, type Took } from './parts/program.ts'

/*
 * `node bench/answers.ts [--rounds 10]`: how long `npm run lab why` and `npm run lab coverage` take, whole, npm's own start included,
 * against `npm run lab -- --help`, the least that can be asked. In turns, so that a noisy host disturbs all alike; medians. Goal: 0.5 s.
 */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } })
const commands = [['why', 'S002-61'], ['coverage'], ['--', '--help']]

const took = new Map<string, Took[]>(commands.map(args => [args.join(' '), []]))
for (let round = 0; round < Number(values.rounds); round++) {
  for (const args of commands) took.get(args.join(' '))?.push(await lab(...args))
}
for (const [what, its] of took) console.log(`npm run lab ${what.padEnd(12)}  ${medians(its)}`)
