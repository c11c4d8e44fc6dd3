import { AsyncLocalStorage } from 'node:async_hooks'
import type { LabRun } from './lab-run.ts'

// Every callback and promise that a lab's run brings about, in whatever depth, knows it: so its errors are told from those of
// the labs that go on beside it.
const origin = new AsyncLocalStorage<LabRun>()

/** Does a lab's work such that an error of it which nobody waits for is told as this lab's. */
export function asOf<T>(run: LabRun, work: () => T): T {
  return origin.run(run, work)
}

/**
 * From now on, tells of each error that nobody waits for (a promise that was not awaited, a timer's function that throws) the
 * lab whose it is. Unheard, Node would end the process for it, with the machine still up. `onUnclaimed` is told what is no
 * lab's of these, or of one that is over.
 */
export function catchStrays(runs: LabRun[], onUnclaimed: (error: unknown) => void): Disposable {
  const tell = (reason: unknown) => {
    const error = reason ?? new Error(`a promise was rejected with ${reason}`)
    const from = origin.getStore()
    // Somebody else's: several runs may go on in one process, each hears of all errors.
    if (from && !runs.includes(from)) return
    if (from ? !from.stray(error) : !onlyOneGoing(runs)?.stray(error)) onUnclaimed(error)
  }
  const events = ['unhandledRejection', 'uncaughtException'] as const
  for (const event of events) process.on(event, tell)
  return {
    [Symbol.dispose]() {
      for (const event of events) process.off(event, tell)
    },
  }
}

/** Whose an error must be that has lost its origin: nobody's, where several could be meant. */
function onlyOneGoing(runs: LabRun[]): LabRun | undefined {
  const [one, other] = runs.filter(run => run.going)
  return other ? undefined : one
}
