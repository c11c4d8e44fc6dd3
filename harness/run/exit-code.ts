import type { Failure } from '../events.ts'

/**
 * 0 every claim held · 1 a claim or a command failed · 2 nothing was tested, as this host lacks something · 3 a machine
 * died, nothing can be said · 130 interrupted. Where several labs ended differently, the graver word counts.
 */
export function exitCodeOf(failures: Failure[], interrupted: boolean): number {
  const kinds = new Set(failures.map(failure => failure.kind))
  if (interrupted || kinds.has('interrupted')) return 130
  if (kinds.has('machine')) return 3
  if (kinds.has('host')) return kinds.size > 1 ? 1 : 2
  return kinds.size > 0 ? 1 : 0
}
