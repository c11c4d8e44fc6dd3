/** A text is not the iptables syntax that it should be. The message says what was seen and what would be right. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
}
