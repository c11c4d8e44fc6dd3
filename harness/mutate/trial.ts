import type { Failure, RunEvent } from '../events.ts'
import { quote } from '../looks/quote.ts'
import { normalised } from '../repeat/volatile.ts'
import type { Intervention } from '../run/intervention.ts'
import { counter, type Discovery } from './discover.ts'
import type { Mutation, Spot } from './mutation.ts'
import { folder } from './snapshot.ts'
import { replaced } from './text.ts'

/** What came of a lab that was broken. */
export type Outcome =
  /** Something turned red. */
  | { result: 'killed'; by: Kill }
  /** The lab passed all the same. */
  | { result: 'survived' }
  /** The command that was to be broken was not come to, or a machine was lost: nothing can be said. */
  | { result: 'untried'; because: string }

/** What turned red. */
export interface Kill {
  /** Number of the step; null: what the lab left behind. */
  step: number | null
  kind: Failure['kind']
  /** The claim that did not hold, or the command that failed. */
  message: string
  /** How long after the change, in ms; where the machine came up broken, after the start of the step. */
  ms: number
}

/** How long an expectation that held at once may look for what a mutation has broken, in ms. */
const shortestMs = 1000
const longestMs = 5000

/**
 * Stands between a lab and its machines and breaks one thing; none where `mutation` is undefined, to see that the lab passes so. Of
 * its steps `only` these are run, all unless told, and then nothing is cleaned up.
 */
export function trial(
  mutation: Mutation | undefined,
  { took, steps }: Pick<Discovery, 'took' | 'steps'>,
  only?: ReadonlySet<number>,
): { intervention: Intervention; on(event: RunEvent): void; outcome(): Outcome } {
  const count = counter()
  let changed: { at: number; text: string } | undefined
  let settled = false
  let failedStep: number | null = null
  let failure: { failure: Failure; at: number } | undefined
  let passed = false
  let undone = false

  return {
    intervention: {
      omits: step => only !== undefined && !only.has(step),
      abandons: only ? 'always' : 'failed',
      async begin(machines) {
        if (mutation?.act.kind !== 'at-start') return
        const { act } = mutation
        const found = machines.find(({ name }) => name === act.machine)
        const { exitCode, stderr } = (await found?.machine.exec(`set -e\n${act.script}`)) ?? {
          exitCode: null,
          stderr: 'no such machine',
        }
        if (exitCode !== 0) throw new Error(`${mutation.id} can't be done: ${stderr.trim()}`)
        changed = { at: performance.now(), text: '' }
        settled = true
      },
      command(command) {
        const spot = count(command)
        if (!mutation?.at || !isSame(mutation.at, spot)) return command.text
        changed = { at: performance.now(), text: command.text }
        return broken(command.text, mutation)
      },
      async end(machines) {
        if (mutation?.act.kind !== 'afterwards' || !changed) return
        const found = machines.find(({ name }) => name === mutation.at?.machine)
        undone = (await found?.machine.exec(`test -e ${done}`))?.exitCode !== 0
      },
      patienceMs: where => Math.min(longestMs, Math.max(shortestMs, 3 * (took.get(where) ?? longestMs))),
      limitS: step => 10 + (5 * (steps.get(step) ?? 0)) / 1000,
    },
    on(event) {
      if (event.type === 'step-started' && changed && mutation?.act.kind === 'at-start') changed.at = performance.now()
      else if (event.type === 'command' && changed && !settled && event.command === changed.text) {
        // A command that goes on for long counts from its end, as nothing can be seen before.
        settled = true
        changed.at = performance.now()
      } else if (event.type === 'step-ended' && event.status === 'failed' && event.failure) {
        failedStep = event.step.number
        failure ??= { failure: event.failure, at: performance.now() }
      } else if (event.type === 'lab-ended') {
        passed = event.status === 'passed'
        if (event.failure) failure ??= { failure: event.failure, at: performance.now() }
      }
    },
    outcome() {
      if (failure && (failure.failure.kind === 'machine' || failure.failure.kind === 'host'))
        return { result: 'untried', because: normalised(failure.failure.message) }
      if (mutation && !changed) {
        return {
          result: 'untried',
          because: failure ? normalised(failure.failure.message) : 'the command was not come to',
        }
      }
      // Nobody may be praised for what was not done.
      if (undone) return { result: 'untried', because: 'the change could not be made' }
      if (passed || !failure) return { result: 'survived' }
      const { kind, message } = failure.failure
      const ms = Math.round(failure.at - (changed?.at ?? failure.at))
      return { result: 'killed', by: { step: failedStep, kind, message: normalised(message), ms } }
    },
  }
}

function isSame(one: Spot, other: Spot): boolean {
  return (
    one.step === other.step &&
    one.machine === other.machine &&
    one.text === other.text &&
    one.occurrence === other.occurrence
  )
}

function broken(text: string, { act }: Mutation): string {
  if (act.kind === 'leave-out') return ':'
  if (act.kind === 'replace') return replaced(text, act)
  if (act.kind === 'at-start') return text
  const script = `{ ${act.script}; } >/dev/null 2>&1 && touch ${done} || :`
  return `mkdir -p ${folder}\n${act.before}\ntrap ${quote(script)} EXIT\n${text}`
}

/** What is there in the guest once a change is made. */
const done = `${folder}/done`
