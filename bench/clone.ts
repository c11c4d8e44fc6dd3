import { parseArgs } from 'node:util'
import Docker from 'dockerode'
import { median, privateMemory } from './parts/measure.ts'
import { accelerator, pidOf, start } from './parts/virtual-machine.ts'

/*
 * `node bench/clone.ts [--rounds 5]`: a clone of a template against a cold boot to the same: to the first command, and to
 * an engine that answers. In turns, so that a noisy host disturbs both alike; medians. Goals: at most 1/15 of the boot, and
 * an idle clone has at most 60 MiB of memory to itself. On an idle host the first command is done within 0.5 s.
 */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
const whatFor = { 'to first command': false, 'to engine answers': true }

for (const engine of Object.values(whatFor)) await measure({ engine, cold: false }) // the template is made
for (const [what, engine] of Object.entries(whatFor)) {
  const boots: number[] = []
  const clones: number[] = []
  const memory: number[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    boots.push((await measure({ engine, cold: true })).s)
    const clone = await measure({ engine, cold: false })
    clones.push(clone.s)
    memory.push(clone.mib)
  }
  const [boot, clone] = [median(boots), median(clones)]
  console.log(`boot, ${what}   ${boot.toFixed(2)} s (${accelerator})`)
  console.log(`clone, ${what}  ${clone.toFixed(2)} s`)
  console.log(`ratio                     1/${(boot / clone).toFixed(1)} (goal: at most 1/15)`)
  console.log(`a clone's own memory      ${median(memory).toFixed(0)} MiB (goal: at most 60)`)
}

/** Starts a machine and asks it for the one thing; seconds, and MiB of its own when that is done. */
async function measure(kind: { engine: boolean; cold: boolean }): Promise<{ s: number; mib: number }> {
  const started = performance.now()
  await using machine = await start(kind)
  if (kind.engine) await new Docker({ socketPath: machine.dockerSocket }).ping()
  else await machine.$`true`
  return { s: (performance.now() - started) / 1000, mib: await privateMemory(pidOf(machine)) }
}
