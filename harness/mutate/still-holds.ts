import type { Tried } from './report.ts'

/**
 * Whether what was decided of a lab's earlier text is decided of this one, by the hashes of their steps: what a step noticed it notices as
 * long as it does the same.
 */
export function stillHolds(outcome: Tried['outcome'], earlier: readonly string[], steps: readonly string[]): boolean {
  if (outcome.result === 'untried') return false
  const until = outcome.result === 'killed' ? outcome.by.step : null
  const decisive = until ?? Math.max(earlier.length, steps.length)
  return earlier[decisive - 1] === steps[decisive - 1]
}
