import type { Failure, RunEvent } from '../../harness/events.ts'
import type { Intervention } from '../../harness/run/intervention.ts'
import type { LabFile } from '../../harness/run/registry.ts'
import { run } from '../../harness/run/run.ts'
import { defaultBackend } from '../../vm/backend.ts'
import { sandbox } from '../../vm/providers/sandbox.ts'
import { defaultSuite } from '../../vm/suite.ts'
import type { Break } from './break.ts'

/** What came of a lab. */
export interface Outcome {
  exitCode: number
  /** Title of the step that failed; undefined when none did. */
  failedStep: string | undefined
  failure: Failure | undefined
  events: RunEvent[]
}

/** The kind of machine that labs are broken in. */
export const cell = { suite: defaultSuite, backend: defaultBackend, provider: sandbox }

/** Runs a lab in such a machine. */
export async function outcomeOf(file: LabFile, intervention: Intervention = {}): Promise<Outcome> {
  const events: RunEvent[] = []
  const exitCode = await run({
    labs: [file],
    why: 'a test',
    cells: [cell],
    keep: false,
    intervention,
    reporters: [{ on: event => events.push(event) }],
    mochaReporters: [],
    signal: new AbortController().signal,
  })
  const failed = events.find(event => event.type === 'step-ended' && event.status === 'failed')
  const ended = events.find(event => event.type === 'lab-ended')
  return {
    exitCode,
    failedStep: failed?.type === 'step-ended' ? failed.step.title : undefined,
    failure: ended?.type === 'lab-ended' ? ended.failure : undefined,
    events,
  }
}

/** What a failure says, for whoever looks for words in it. */
export function wordsOf({ failure }: Pick<Outcome, 'failure'>): string {
  return `${failure?.message}\n${failure?.saw}`
}

/** Whether a break was noticed where it must be, and with the right words. */
export function isNoticed(
  outcome: Pick<Outcome, 'exitCode' | 'failedStep' | 'failure'>,
  { step, says }: Break,
): boolean {
  return outcome.exitCode === 1 && outcome.failedStep === step && says.test(wordsOf(outcome))
}
