import Mocha from 'mocha'

/** The report of `npm test`: mocha's spec, and at the end the counts alone on a line, for people and machines: `12 passed, 0 failed`. */
export default class CountingSpec extends Mocha.reporters.Spec {
  override epilogue(): void {
    super.epilogue()
    const { passes, failures, pending } = this.stats
    process.stdout.write(`${countLine({ passed: passes, failed: failures, skipped: pending })}\n`)
  }
}

/** `12 passed, 0 failed`, with `, 1 skipped` where any was. */
export function countLine(counts: { passed: number; failed: number; skipped: number }): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`
}
