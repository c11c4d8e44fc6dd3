import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { privateMemory, seconds } from './parts/measure.ts'
import { pidOf, start } from './parts/virtual-machine.ts'

/*
 * `node bench/hundred.ts [--machines 100]`: this many clones live at once, in at most 24 GiB; each obeys, and each is
 * another machine than the others.
 */

const { values } = parseArgs({ options: { machines: { type: 'string', default: '100' } } })
const wanted = Number(values.machines)
const before = await availableMiB()
await using stack = new AsyncDisposableStack()
const machines: Awaited<ReturnType<typeof start>>[] = []
const starting = await seconds(async () => {
  // One after another: more at once than there are cores only wait for each other.
  for (let count = 0; count < wanted; count++) {
    machines.push(stack.use(await start({ engine: false, cold: false, hostname: `guest${count}` })))
    if (machines.length % 10 === 0) console.error(`${machines.length} are up`)
  }
})
const answers = new Set<string>()
const asking = await seconds(async () => {
  for (const { $ } of machines)
    answers.add((await $`cat /etc/machine-id /proc/sys/kernel/random/boot_id; hostname`).stdout)
})
const lost = machines.filter(machine => machine.lost.aborted).length
const own = await Promise.all(machines.map(machine => privateMemory(pidOf(machine))))
const total = own.reduce((sum, mib) => sum + mib, 0)
console.log(
  `${answers.size} distinct clones live, ${lost} lost; started in ${starting.toFixed(0)} s, asked in ${asking.toFixed(0)} s`,
)
console.log(`memory of their own       ${(total / 1024).toFixed(1)} GiB, ${(total / wanted).toFixed(0)} MiB each`)
console.log(`less available            ${((before - (await availableMiB())) / 1024).toFixed(1)} GiB (goal: at most 24)`)
if (answers.size !== wanted || lost > 0) process.exitCode = 1

async function availableMiB(): Promise<number> {
  return Number(/^MemAvailable: +(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1]) / 1024
}
