import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { ensureImage } from '../vm/image/image.ts'
import { defaultSuite } from '../vm/suite.ts'

/*
 * `node bench/lab.ts [--rounds 3]`: a whole warm `npm run lab bridge-nat -- --on sandbox`, from npm's start to its end, against a
 * shell script that runs the same commands, probes and captures in an equal sandbox. In turns, so that a noisy host
 * disturbs both alike; medians in seconds. Goal: at most 2 × the script.
 */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const script = fileURLToPath(new URL('./bridge-nat.sh', import.meta.url))
const top = fileURLToPath(new URL('..', import.meta.url))
const report = (line: string) => console.error(line)
const { rootfs } = await ensureImage(defaultSuite, { report, signal: new AbortController().signal })

const lab: number[] = []
const shell: number[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  lab.push(await seconds(() => execa('npm', ['run', 'lab', 'bridge-nat', '--', '--on', 'sandbox'], { cwd: top })))
  shell.push(await seconds(() => execa('sh', [script, rootfs])))
}
const [ours, theirs] = [median(lab), median(shell)]
console.log(`npm run lab bridge-nat  ${ours.toFixed(2)} s`)
console.log(`the shell script        ${theirs.toFixed(2)} s`)
console.log(`ratio                   ${(ours / theirs).toFixed(2)} (goal: at most 2)`)

async function seconds(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return (performance.now() - started) / 1000
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
