import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { seconds } from './parts/measure.ts'

/*
 * `node bench/suite.ts [--rounds 1]`: the whole of `npm test` against the whole catalogue in the sandbox, `npm run lab -- --all`, whose images
 * are there. In turns, so that a noisy host disturbs both alike; sums in minutes. Goal: at most 4 times as long, and 10 minutes on two idle
 * cores.
 */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '1' } } })
const top = fileURLToPath(new URL('..', import.meta.url))
const npm = (...args: string[]) => execa('npm', args, { cwd: top, stdin: 'ignore' })

let [catalogue, suite] = [0, 0]
for (let round = 0; round < Number(values.rounds); round++) {
  catalogue += await seconds(() => npm('run', 'lab', '--', '--all', '--on', 'sandbox'))
  suite += await seconds(() => npm('test'))
}
const minutes = (sum: number) => `${(sum / Number(values.rounds) / 60).toFixed(1)} min`
console.log(`npm test               ${minutes(suite)}`)
console.log(`npm run lab -- --all   ${minutes(catalogue)}`)
console.log(`ratio                  ${(suite / catalogue).toFixed(1)} (goal: at most 4)`)
