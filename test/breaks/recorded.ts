import type { LabMutations } from '../../harness/mutate/report.ts'
import { stillHolds } from '../../harness/mutate/still-holds.ts'

/** A break that a mutation makes as well: docs/mutations says what noticed it. */
export interface Recorded {
  /** The mutation's id, `4.3 leave-out`, and what it changes, as docs/mutations has both. */
  mutation: string
  change: string
  /** Title of the step that must have noticed it. */
  step: string
}

/** The lab as it is now. */
export interface Now {
  /** Its steps' titles, and the hashes of its text up to each. */
  titles: readonly string[]
  hashes: readonly string[]
}

/** What a record of a lab's mutations says of one. */
export type Verdict =
  | { kind: 'noticed' }
  /** Nothing of the lab as it is now: the mutation must be tried. */
  | { kind: 'silent'; why: string }
  /** It was not noticed, or elsewhere, or there is no such mutation. */
  | { kind: 'wrong'; why: string }

/** Looks a mutation up in what was written down of its lab. */
export function verdictOn({ mutation, change, step }: Recorded, record: LabMutations | undefined, now: Now): Verdict {
  if (!record) return { kind: 'silent', why: 'there is no record of the lab' }
  const named = record.mutations.find(({ id }) => id === mutation)
  const outcome = named?.change === change ? named.outcome : undefined
  if (outcome?.result === 'untried') return { kind: 'silent', why: `it could not be tried: ${outcome.because}` }
  if (!stillHolds(outcome ?? { result: 'survived' }, record.steps, now.hashes))
    return { kind: 'silent', why: 'the lab has changed since' }
  if (!outcome) return { kind: 'wrong', why: named ? `${mutation} is: ${named.change}` : `there is no ${mutation}` }
  if (outcome.result !== 'killed') return { kind: 'wrong', why: `nothing noticed it: ${outcome.result}` }
  const noticedIn = outcome.by.step === null ? undefined : now.titles[outcome.by.step - 1]
  if (noticedIn === step) return { kind: 'noticed' }
  return { kind: 'wrong', why: noticedIn ? `"${noticedIn}" noticed it` : 'what is left behind told it' }
}
