import type { Status } from '../events.ts'
import type { LabRun } from './lab-run.ts'

/** A part of a lab's run, for whoever follows it: what it came to, also when he looks later. */
export interface Part {
  /** Rejects when the part fails; `skipped` where it was not come to. */
  outcome: Promise<Status>
  /** How long it took, once it is over. */
  readonly ms: number
}

/** A lab's run from its start to its end, whoever follows it: machine, steps, clean-up. */
export interface Course {
  run: LabRun
  start: Part
  steps: Part[]
  finish: Part
  /** Goes through it; resolves at its end, however that is. Once `signal` aborts no further step begins. */
  go(signal: AbortSignal): Promise<void>
}

/** The course of a lab's run. Nothing begins before `go`. */
export function courseOf(run: LabRun): Course {
  const [start, finish] = [part(), part()]
  const steps = run.steps.map(part)
  return {
    run,
    start,
    steps,
    finish,
    async go(signal) {
      // What is called off before it begins has no machine, and nothing to undo.
      if (!signal.aborted) {
        const up = await start.do(() => run.start())
        for (const [i, step] of steps.entries()) {
          if (up && !signal.aborted) await step.do(() => run.step(i + 1))
        }
        await finish.do(() => run.finish())
      }
      for (const one of [start, ...steps, finish]) one.skip()
    },
  }
}

/** A part that is yet to be done: `do` resolves to whether it succeeded. */
function part(): Part & { do(work: () => Promise<unknown>): Promise<boolean>; skip(): void } {
  const { promise, resolve, reject } = Promise.withResolvers<Status>()
  // Nobody need follow it.
  promise.catch(() => {})
  let ms = 0
  return {
    outcome: promise,
    get ms() {
      return ms
    },
    async do(work) {
      const began = performance.now()
      const settle = (tell: () => void) => {
        ms = performance.now() - began
        tell()
      }
      return await work().then(
        status => {
          settle(() => resolve(status === 'skipped' ? 'skipped' : 'passed'))
          return true
        },
        error => {
          settle(() => reject(error))
          return false
        },
      )
    },
    skip: () => resolve('skipped'),
  }
}
