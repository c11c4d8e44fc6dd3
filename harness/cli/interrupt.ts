import { InterruptedError } from '../run/failure.ts'

/** A run that can be stopped from outside. */
export interface Interrupt extends Disposable {
  /** Aborts at the first Ctrl-C (or SIGTERM, SIGHUP), and when nobody reads our output any more. */
  signal: AbortSignal
}

// From a terminal one Ctrl-C reaches us up to three times: directly, through npm and through the bootstrap.
const sameKeypressMs = 700

/**
 * Turns the first signal into an abort, so that the machine goes and the report is completed; the second ends the
 * process at once, after `atOnce`.
 */
export function interruptible(atOnce: () => void): Interrupt {
  const controller = new AbortController()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  let first: number | undefined
  const onSignal = (name: NodeJS.Signals) => {
    const now = performance.now()
    if (first === undefined) {
      first = now
      process.stderr.write(`\n${name}: the machine goes now; once more ends this at once\n`)
      controller.abort(new InterruptedError(`interrupted by ${name}`))
    } else if (now - first > sameKeypressMs) {
      atOnce()
      process.exit(130)
    }
  }
  // `| head`: whoever reads has what he wanted. Each further write says so again.
  const onClosed = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    controller.abort(new InterruptedError('nobody reads our output any more'))
  }
  for (const name of signals) process.on(name, onSignal)
  process.stdout.on('error', onClosed)
  process.stderr.on('error', onClosed)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of signals) process.off(name, onSignal)
      process.stdout.off('error', onClosed)
      process.stderr.off('error', onClosed)
      // What is still to be printed meets a closed pipe as quietly.
      for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
    },
  }
}
