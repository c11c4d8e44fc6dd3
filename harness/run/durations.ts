import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { JsonLab } from '../reporters/json-report.ts'

const file = fileURLToPath(new URL('../../labs/durations.json', import.meta.url))

/** How long each lab takes in a sandbox, in any one unit, by its name. */
export type Durations = Readonly<Record<string, number>>

/**
 * What a lab takes elsewhere of its time in a sandbox. A virtual machine with KVM is about as fast, an emulated one several times
 * slower, and whoever splits a run must not ask which it will be: all must split it alike, each on a host of its own. So it is in between,
 * which spreads the virtual machines' labs evenly over the shards, and the others' between them.
 */
const pace: Readonly<Record<string, number>> = { qemu: 2, vagrant: 4 }

/** How long a lab takes with a provider, as far as is known: one that was never recorded counts as the median. */
export function usually(durations: Durations, lab: string, provider: string): number {
  const known = Object.values(durations).toSorted((one, other) => one - other)
  return (durations[lab] ?? known[Math.floor(known.length / 2)] ?? 1) * (pace[provider] ?? 1)
}

/** How long each lab took in a sandbox when it was last recorded, in ms; nothing is known where nothing was recorded. */
export async function readDurations(): Promise<Durations> {
  return JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Durations
}

/** Records how long labs took in a sandbox, to tenths of a second: shards are balanced by it. */
export async function writeDurations(labs: readonly JsonLab[]): Promise<void> {
  const passed = labs.filter(({ status, machine }) => status === 'passed' && machine?.provider === 'sandbox')
  const durations = Object.fromEntries(passed.map(({ name, ms }) => [name, Math.round(ms / 100) * 100]))
  await writeFile(file, `${JSON.stringify({ ...(await readDurations()), ...durations }, null, 2)}\n`)
}
