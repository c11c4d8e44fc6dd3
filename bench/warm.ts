import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { median, seconds } from './parts/measure.ts'

/*
 * `node bench/warm.ts [--rounds 3]`: a whole `npm run lab bridge-nat -- --on qemu`, from npm's start to its end, with a
 * template against the same with --cold. In turns, so that a noisy host disturbs both alike; medians. Goal: at most 0.35,
 * emulated.
 */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const top = fileURLToPath(new URL('..', import.meta.url))
const lab = (...flags: string[]) =>
  execa('npm', ['run', 'lab', 'bridge-nat', '--', '--on', 'qemu', ...flags], { cwd: top })

await lab() // the template is made
const warm: number[] = []
const cold: number[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  warm.push(await seconds(() => lab()))
  cold.push(await seconds(() => lab('--cold')))
}
const [ours, theirs] = [median(warm), median(cold)]
console.log(`npm run lab bridge-nat -- --on qemu  ${ours.toFixed(1)} s`)
console.log(`the same with --cold                 ${theirs.toFixed(1)} s`)
console.log(`ratio                                ${(ours / theirs).toFixed(2)} (goal: at most 0.35)`)
