import type { Failure, InLab, LabEvent, LabHeader, Status } from '../events.ts'
import { failureInWords } from '../reporters/words.ts'
import type { Part } from './course.ts'
import type { Followed } from './mocha.ts'

/** A lab's run that is over, as mocha follows it, from what was told of it. */
export function followedFrom(of: InLab, header: LabHeader, events: readonly LabEvent[]): Followed {
  const ended = events.find(event => event.type === 'lab-ended')
  const up = events.find(event => event.type === 'machine-started')
  const inStep = events.some(event => event.type === 'step-ended' && event.status === 'failed')
  const steps = header.steps.map(({ number }) => {
    const step = events.find(event => event.type === 'step-ended' && event.step.number === number)
    return step?.type === 'step-ended' ? part(step.status, step.ms, step.failure) : part('skipped', 0)
  })
  // A failure that no step has told is the machine's, or the clean-up's.
  const whole = inStep ? undefined : ended?.failure
  return {
    run: { of, file: { header, path: `labs/${header.name}.ts` } },
    start: up ? part('passed', up.ms) : part(whole ? 'failed' : 'skipped', 0, whole),
    steps,
    finish: part(up && whole ? 'failed' : 'passed', 0, up && whole),
  }
}

function part(status: Status, ms: number, failure?: Failure): Part {
  const outcome = status === 'failed' ? Promise.reject(errorOf(failure)) : Promise.resolve(status)
  // Nobody need follow it.
  outcome.catch(() => {})
  return { outcome, ms }
}

function errorOf(failure: Failure | undefined): Error {
  const error = new Error(failure ? failureInWords(failure) : 'it failed')
  // Where it was told is none of the reader's business.
  error.stack = error.message
  return error
}
