/** This host, or what the user asked of it, is in the way: nothing was tested (exit code 2). `mend` is what to do about it. */
export class HostError extends Error {
  override readonly name = 'HostError'
  readonly mend: string

  constructor(message: string, options: { mend: string; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.mend = options.mend
  }
}

/** The machine died, froze or could not be reached: nothing can be said about the claims (exit code 3). */
export class MachineError extends Error {
  override readonly name = 'MachineError'
  readonly mend: string

  constructor(message: string, options: { mend: string; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.mend = options.mend
  }
}
