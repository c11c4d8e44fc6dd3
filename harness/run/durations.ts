import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { JsonLab } from '../reporters/json-report.ts'

const file = fileURLToPath(new URL('../../labs/durations.json', import.meta.url))

/** How long each lab took when it was last recorded, in ms, by its name; nothing is known where nothing was recorded. */
export async function readDurations(): Promise<Record<string, number>> {
  return JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Record<string, number>
}

/** Records how long labs took, to tens of a second: shards are balanced by it. */
export async function writeDurations(labs: readonly JsonLab[]): Promise<void> {
  const passed = labs.filter(({ status }) => status === 'passed')
  const durations = Object.fromEntries(passed.map(({ name, ms }) => [name, Math.round(ms / 100) * 100]))
  await writeFile(file, `${JSON.stringify({ ...(await readDurations()), ...durations }, null, 2)}\n`)
}
