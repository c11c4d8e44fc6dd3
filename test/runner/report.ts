import { availableParallelism } from 'node:os'
import { duration } from '../../harness/reporters/words.ts'
import type { Busyness } from './busy.ts'

/** `12 passed, 0 failed`, with `, 1 skipped` where any was. */
export function countLine(counts: { passed: number; failed: number; skipped: number }): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`
}

/** How many of the slowest are told. */
const slowest = 10

/** The slowest of these files, by what they took in ms, and what came of the whole run. */
export function tookInWords(
  took: ReadonlyMap<string, number>,
  { ms, busyness }: { ms: number; busyness: Busyness },
): string {
  const files = [...took].toSorted(([, one], [, other]) => other - one).slice(0, slowest)
  const percent = (part: number) => `${Math.round(part * 100)} %`
  return [
    `  the slowest of ${took.size} files`,
    ...files.map(([file, fileMs]) => `    ${duration(fileMs).padStart(10)}  ${file}`),
    '',
    `  ${duration(ms)} in all; ${all(availableParallelism())} busy for ${percent(busyness.all)} of it, and used to ${percent(busyness.used)}`,
  ].join('\n')
}

function all(cores: number): string {
  return cores === 1 ? 'the core was' : cores === 2 ? 'both cores were' : `all ${cores} cores were`
}
