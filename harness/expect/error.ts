/** A claim that did not hold: what was claimed, where, and what was seen instead. */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError'
  /** The claim in words. */
  readonly text: string
  /** `labs/bridge-nat.ts:32`; empty where no caller is known. */
  readonly where: string
  /** What was seen instead, and how often it was looked. */
  readonly saw: string

  constructor(claim: { text: string; where: string; saw: string }) {
    super([claim.text, ...(claim.where ? [`  where ${claim.where}`] : []), `  saw   ${claim.saw}`].join('\n'))
    this.text = claim.text
    this.where = claim.where
    this.saw = claim.saw
  }
}
