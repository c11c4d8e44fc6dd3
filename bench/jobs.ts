import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'

/*
 * `node bench/jobs.ts [--rounds 3] [--jobs 2]`: the whole catalogue in the sandbox, labs side by side against the same one
 * by one. In turns, so that a noisy host disturbs both alike; medians in seconds. No goal: it depends on what the labs wait for.
 */

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, jobs: { type: 'string', default: '2' } },
})
const top = fileURLToPath(new URL('..', import.meta.url))

const sideBySide: number[] = []
const oneByOne: number[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  sideBySide.push(await seconds(values.jobs))
  oneByOne.push(await seconds('1'))
}
const [many, one] = [median(sideBySide), median(oneByOne)]
console.log(`npm run lab -- --all --jobs ${values.jobs}  ${many.toFixed(1)} s`)
console.log(`npm run lab -- --all --jobs 1  ${one.toFixed(1)} s`)
console.log(`ratio                          ${(many / one).toFixed(2)}`)

async function seconds(jobs: string): Promise<number> {
  const started = performance.now()
  await execa('npm', ['run', 'lab', '--', '--all', '--on', 'sandbox', '--jobs', jobs], { cwd: top })
  return (performance.now() - started) / 1000
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
