import { HostError } from '../../vm/errors.ts'

/** The error for a name that isn't known: it names the nearest known one, and all of them. */
export function unknownName(thing: string, name: string, known: string[]): HostError {
  const near = nearest(name, known)
  const guess = near === undefined ? '' : `did you mean ${near}? `
  return new HostError(`there is no ${thing} "${name}"`, { mend: `${guess}known: ${known.join(', ') || 'none'}` })
}

/** The known name that a typing error is likely to have meant; undefined when none is near. */
export function nearest(name: string, known: string[]): string | undefined {
  const lower = name.toLowerCase()
  const ranked = known
    .map(candidate => ({
      candidate,
      away: candidate.startsWith(lower) && lower !== '' ? 1 : distance(lower, candidate.toLowerCase()),
    }))
    .sort((one, other) => one.away - other.away)
  const [best] = ranked
  return best && best.away <= Math.ceil(best.candidate.length / 3) ? best.candidate : undefined
}

/** How many characters must be inserted, removed or replaced (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min((row[j] ?? 0) + (letter === other ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
