import type { Failure, LabEvent, Status } from '../events.ts'
import { normalised } from './volatile.ts'

/** What one run of a lab came to, in texts that are the same whenever the same has happened. */
export interface Account {
  repetition: number
  status: Status
  failure: Failure | undefined
  /** The step that failed, if one has. */
  failedStep: string | undefined
  /** What was done and judged in each step that passed, by `3. its title`. */
  steps: Map<string, StepAccount>
  /** The clean-up's commands. */
  undo: string[]
  /** What stayed behind; undefined where it was not looked for. */
  residue: string[] | undefined
}

/** Each in no order: what goes on at once ends in any. */
export interface StepAccount {
  commands: string[]
  expectations: string[]
}

/** The account of a run from its events. */
export function accountOf(events: LabEvent[], repetition: number): Account {
  const account: Account = {
    ...{ repetition, status: 'skipped', failure: undefined, failedStep: undefined, residue: undefined },
    ...{ steps: new Map(), undo: [] },
  }
  const open = new Map<number, StepAccount>()
  const stepOf = (number: number) => {
    const step = open.get(number) ?? { commands: [], expectations: [] }
    open.set(number, step)
    return step
  }
  for (const event of events) {
    if (event.type === 'command') {
      const ended = event.exitCode === 0 ? '' : ` (${event.signal ?? `exit code ${event.exitCode}`})`
      const list = event.phase === 'undo' || event.step === null ? account.undo : stepOf(event.step).commands
      const on = event.machine ?? event.segment
      list.push(`${on === undefined ? '' : `${on}: `}${normalised(event.command)}${ended}`)
    } else if (event.type === 'expectation') {
      stepOf(event.step).expectations.push(`${normalised(event.text)} ${event.status}`)
    } else if (event.type === 'step-ended') {
      const title = `${event.step.number}. ${event.step.title}`
      if (event.status === 'passed') account.steps.set(title, stepOf(event.step.number))
      if (event.status === 'failed') account.failedStep = title
    } else if (event.type === 'residue') {
      account.residue = event.differences.map(normalised)
    } else if (event.type === 'lab-ended') {
      account.status = event.status
      account.failure = event.failure
    }
  }
  return account
}
