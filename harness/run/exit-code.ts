import type { Failure } from '../events.ts'

/**
 * 0 every claim held · 1 a claim or a command failed · 2 nothing was tested, as this host or its machines lack something · 3 a
 * machine died, nothing can be said · 130 interrupted. Where several labs ended differently, the graver word counts. `tested`:
 * not all labs were skipped.
 */
export function exitCodeOf(
  failures: Failure[],
  { interrupted, tested }: { interrupted: boolean; tested: boolean },
): number {
  const kinds = new Set(failures.map(failure => failure.kind))
  if (interrupted || kinds.has('interrupted')) return 130
  if (kinds.has('machine')) return 3
  if (kinds.has('host')) return kinds.size > 1 ? 1 : 2
  if (kinds.size > 0) return 1
  return tested ? 0 : 2
}
