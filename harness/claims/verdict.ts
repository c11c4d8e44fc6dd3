import { isIn, type VersionRange } from '../needs/version.ts'

/** What evidence says of a documented claim: true as it is put, true in essence, contradicted, or beyond any test here. */
export const verdicts = ['holds', 'differs', 'false', 'untestable'] as const

export type Verdict = (typeof verdicts)[number]

/** The machines for which a judgement is made; all of them where nothing is said. */
export interface Circumstances {
  /** The engine's version: `<28`, `>=26.1`. */
  engine?: VersionRange
  backend?: 'nft' | 'legacy'
}

/** What a step proves of one documented claim. */
export interface Judgement {
  /** The claim's id, e.g. `S001-16`. */
  id: string
  verdict: Verdict
  /** What is different, what is true instead, or why it can't be tested; null where the claim holds. */
  because: string | null
  on: Circumstances
}

/** What `covers` takes: an id alone says that the claim holds. */
export type Covered = string | Judgement

/** The step proves that the claim is true as the document puts it. */
export function holds(id: string, on: Circumstances = {}): Judgement {
  return { id, verdict: 'holds', because: null, on }
}

/** The step proves that the claim is true in essence, and what is different. */
export function differs(id: string, because: string, on: Circumstances = {}): Judgement {
  return { id, verdict: 'differs', because, on }
}

/** The step's evidence contradicts the claim; `because` says what is true instead. */
export function isFalse(id: string, because: string, on: Circumstances = {}): Judgement {
  return { id, verdict: 'false', because, on }
}

/** No lab can test the claim; `because` says why. */
export function untestable(id: string, because: string): Judgement {
  return { id, verdict: 'untestable', because, on: {} }
}

export function judgementOf(covered: Covered): Judgement {
  return typeof covered === 'string' ? holds(covered) : covered
}

/** One claim's verdict out of all that labs say of it: a claim that fails in one respect does not hold. Undefined for none. */
export function gravest(judgements: readonly Judgement[]): Verdict | undefined {
  // What could be tested counts more than what couldn't.
  const byGravity: Verdict[] = ['false', 'differs', 'holds', 'untestable']
  return byGravity.find(verdict => judgements.some(judgement => judgement.verdict === verdict))
}

/** Whether a judgement is meant for a machine with this engine (`26.1.5+dfsg1`) and this backend; what isn't known is no reason against it. */
export function appliesTo({ on }: Judgement, machine: { engine: string | null; backend: string | null }): boolean {
  if (on.backend !== undefined && machine.backend !== null && on.backend !== machine.backend) return false
  if (on.engine === undefined || machine.engine === null) return true
  return isIn(on.engine, machine.engine)
}
