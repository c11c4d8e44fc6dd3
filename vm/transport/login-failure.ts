/** Why a login did not come about, for callers that must tell a dead machine from a wrong key. */
export class LoginFailure extends Error {
  override readonly name = 'LoginFailure'
  readonly reason: 'no-banner' | 'closed' | 'host-key' | 'refused' | 'handshake'

  constructor(reason: LoginFailure['reason'], message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.reason = reason
  }
}
