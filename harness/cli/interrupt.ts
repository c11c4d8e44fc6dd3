import { InterruptedError } from '../run/failure.ts'

/** A run that can be stopped from outside. */
export interface Interrupt extends Disposable {
  /** Aborts at the first Ctrl-C (or SIGTERM, SIGHUP), and when nobody reads our output any more. */
  signal: AbortSignal
  /** Aborts it for another reason. */
  stop(reason: InterruptedError): void
}

export interface InterruptOptions {
  /** Machines stay. */
  keep: boolean
  /** There may be several. */
  several: boolean
  /** It is somebody's own, and left as it was found. */
  lent: boolean
  /** Tells it on standard error. */
  say(text: string): void
}

// From a terminal one Ctrl-C reaches us up to three times: directly, through npm and through the bootstrap.
const sameKeypressMs = 700

/**
 * Turns the first signal into an abort, so that the machine goes and the report is completed; the second ends the
 * process at once, after `atOnce`.
 */
export function interruptible(
  atOnce: () => void,
  {
    keep = false,
    several = false,
    lent = false,
    say = text => void process.stderr.write(text),
  }: Partial<InterruptOptions> = {},
): Interrupt {
  const controller = new AbortController()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  let first: number | undefined
  const onSignal = (name: NodeJS.Signals) => {
    const now = performance.now()
    if (first === undefined) {
      first = now
      const goes = several ? 'the machines go now' : 'the machine goes now'
      const what = keep ? 'the run ends now' : lent ? 'what the lab did is undone now' : goes
      say(`\n${name}: ${what}; once more ends this at once\n`)
      controller.abort(new InterruptedError(`interrupted by ${name}`))
    } else if (now - first > sameKeypressMs) {
      atOnce()
      process.exit(130)
    }
  }
  // `| head`: whoever reads has what he wanted; or the terminal is gone. Each further write says so again.
  const onClosed = (error: NodeJS.ErrnoException) => {
    if (nobodyReads(error)) controller.abort(new InterruptedError('nobody reads our output any more'))
  }
  for (const name of signals) process.on(name, onSignal)
  process.stdout.on('error', onClosed)
  process.stderr.on('error', onClosed)
  return {
    signal: controller.signal,
    stop: reason => controller.abort(reason),
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, onSignal)
      process.stdout.off('error', onClosed)
      process.stderr.off('error', onClosed)
    },
  }
}

/** Whether an error of standard output says that its reader, or the terminal, is gone: that is no fault. */
export function nobodyReads({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'EIO'
}
