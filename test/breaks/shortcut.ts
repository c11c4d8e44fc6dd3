import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Intervention } from '../../harness/run/intervention.ts'
import type { Break } from './break.ts'

/** The steps of a lab that suffice to notice a break. */
export interface Shortcut {
  /** Their numbers, in order. Undisturbed they pass, and with the break the right one turns red. */
  steps: number[]
  /** The hash of the lab's text up to the last of them (`stepHashes`), as it was when this was found. */
  until: string
  /** How long the slowest expectation in them took to hold undisturbed, in ms. */
  tookMs: number
}

/** The shortcuts that were found, by the lab's name, then by the break's title. */
export type Shortcuts = Record<string, Record<string, Shortcut>>

const file = fileURLToPath(new URL('shortcuts.json', import.meta.url))

export async function readShortcuts(): Promise<Shortcuts> {
  return JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Shortcuts
}

export async function writeShortcuts(shortcuts: Shortcuts): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(shortcuts).toSorted(([one], [other]) => one.localeCompare(other)))
  await writeFile(
    file,
    `${JSON.stringify(sorted, null, 2).replace(/\[[\s\d,]+\]/g, list => list.replace(/\s+/g, ' '))}\n`,
  )
}

/** Whether a shortcut is still one to a break that needs these steps of a lab whose text has these hashes: the same text does the same. */
export function isOf(
  { steps, until }: Pick<Shortcut, 'steps' | 'until'>,
  { hashes, needed }: { hashes: readonly string[]; needed: readonly number[] },
): boolean {
  return hashes[Math.max(...steps) - 1] === until && needed.every(step => steps.includes(step))
}

/** How long an expectation may look for what a break has broken, in ms: several times as long as it took undisturbed. */
const shortestMs = 1000
const longestMs = 5000

/** How a lab is run to notice a break, or none, in some of its steps. */
export function along(
  { steps, tookMs }: Pick<Shortcut, 'steps' | 'tookMs'>,
  { step }: Pick<Break, 'step'>,
): Intervention {
  return {
    ...wholly({ step }),
    omits: number => !steps.includes(number),
    patienceMs: () => Math.min(longestMs, Math.max(shortestMs, 3 * tookMs)),
  }
}

/** How it is run in all of its steps. */
export function wholly({ step }: Pick<Break, 'step'>): Intervention {
  // What a failed step leaves goes with the machine. What a lab leaves that holds as far as it goes must be found.
  return { abandons: step === undefined ? 'failed' : 'always' }
}
