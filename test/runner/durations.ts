import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { top } from './tiers.ts'

/** How long test files took when that was last recorded, in seconds, by their paths. */
export type Durations = Readonly<Record<string, number>>

const path = join(top, 'test', 'runner', 'durations.json')

/** What was recorded. */
export function readDurations(): Durations {
  return JSON.parse(readFileSync(path, 'utf8')) as Durations
}

/** Records how long files took, in ms, beside what is known of the others; those that are not `there` any more are forgotten. */
export function writeDurations(took: ReadonlyMap<string, number>, there: readonly string[]): void {
  writeFileSync(path, `${JSON.stringify(updated(readDurations(), took, there), null, 2)}\n`)
}

/** Durations to tenths of a second, in the order of the files' names. */
export function updated(
  known: Durations,
  took: ReadonlyMap<string, number>,
  there: readonly string[],
): Record<string, number> {
  const rounded = [...took].map(([file, ms]): [string, number] => [file, Math.round(ms / 100) / 10])
  const all = Object.entries({ ...known, ...Object.fromEntries(rounded) })
  return Object.fromEntries(all.filter(([file]) => there.includes(file)).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * Files in the order in which they are begun: the longest first, so that none goes on alone in the end. One that was never recorded may
 * be long.
 */
export function longestFirst(files: readonly string[], durations: Durations): string[] {
  const takes = (file: string) => durations[file] ?? Number.MAX_VALUE
  return files.toSorted((one, other) => takes(other) - takes(one))
}
