import type { ExpectationEnded } from '../events.ts'
import { patience } from '../patience.ts'
import { ExpectationError } from './error.ts'

/** What is judged: something that can be looked at again, or a value that was seen once. */
export type Subject<T> = { title: string; take(): Promise<T> } | { title: string; value: T }

/** What is claimed of it: the claim in words, and the pure judgement of one look. */
export interface Claim<T> {
  text: string
  /**
   * Judges the affirmative claim, also for a negated expectation. `saw` is short text for people. `moot`: what the claim is
   * about isn't there, so that its negation says nothing either.
   */
  check(seen: T): { holds: boolean; saw: string; moot?: boolean }
}

/** How a verdict is come by and who is told. */
export interface Judgement {
  /** true for `not`: the claim must not hold. */
  negate: boolean
  /** How long to look again before giving up, in ms; longer where a look takes long. */
  patienceMs: number
  /** The caller's line. */
  where: string
  onVerdict(verdict: Verdict): void
}

/** What a judgement tells. */
export type Verdict = Omit<ExpectationEnded, 'type' | 'lab' | 'step'>

/** Looks until the claim holds (or, negated, ceases to hold) or patience ends; throws an ExpectationError then. */
export async function judge<T>(subject: Subject<T>, claim: Claim<T>, judgement: Judgement): Promise<void> {
  const started = performance.now()
  const { again } = patience(judgement.patienceMs)
  for (let looks = 1; ; looks += 1) {
    const seen = 'take' in subject ? await subject.take() : subject.value
    const { holds, saw, moot = false } = claim.check(seen)
    const passed = holds !== judgement.negate && !moot
    if (!passed && 'take' in subject && (await again())) continue
    const ms = performance.now() - started
    const verdict = {
      text: claim.text,
      status: passed ? 'passed' : 'failed',
      saw,
      looks,
      ms,
      where: judgement.where,
    } as const
    judgement.onVerdict(verdict)
    if (passed) return
    throw new ExpectationError({
      text: claim.text,
      where: judgement.where,
      saw: looks > 1 ? `${saw} (last of ${looks} looks in ${(ms / 1000).toFixed(1)} s)` : saw,
    })
  }
}
