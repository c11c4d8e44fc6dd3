import type { Failure, RunEvent, Totals } from '../../../harness/events.ts'
import { type Lab, lab, type Words } from '../../../harness/index.ts'
import type { Needs } from '../../../harness/needs/needs.ts'
import type { MachineCell } from '../../../harness/run/cell.ts'
import type { MochaReporter } from '../../../harness/run/mocha.ts'
import { headerOf } from '../../../harness/run/register.ts'
import type { LabFile } from '../../../harness/run/registry.ts'
import { type RunOptions, run } from '../../../harness/run/run.ts'
import { defaultBackend } from '../../../vm/backend.ts'
import type { Machine, MachineRequest, Provider } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import { defaultSuite } from '../../../vm/suite.ts'
import { expectBalance } from './balance.ts'

/** A lab of this body, as if it were a file's. */
export function labOf(
  name: string,
  body: (words: Words) => void,
  { engine = false, needs = {} as Needs, unseen = [] as NonNullable<Lab['unseen']> } = {},
): LabFile {
  const made = lab({ title: name, document: '', topology: '', engine, needs, unseen }, body)
  return { name, path: import.meta.filename, lab: made, header: headerOf(name, made) }
}

/** The sandbox, but for `change`. */
export const changed = (change: (start: Promise<Machine>, request: MachineRequest) => Promise<Machine>): Provider => ({
  name: 'sandbox',
  check: sandbox.check,
  start: request => change(sandbox.start(request), request),
})
/** Kills a sandbox. */
export const killed = (machine: Machine) => process.kill(Number(/\d+/.exec(machine.entry.remove)?.[0]), 'SIGKILL')

/** What came of a run. */
export interface Outcome {
  exitCode: number
  events: RunEvent[]
  /** Each lab's failure. */
  failures: (Failure | undefined)[]
  /** What each step that was told ended with. */
  steps: string[]
  totals: Totals | undefined
}

/** Runs labs, and looks that what is told of it is whole. */
export async function outcomeOf(
  labs: LabFile[],
  {
    provider = sandbox as Provider,
    on = (_: RunEvent) => {},
    signal = new AbortController().signal,
    keep = false,
    jobs = 1,
    repeat = 1,
    resumed = undefined as RunOptions['resumed'],
    cells = [{ suite: defaultSuite, backend: defaultBackend, provider }] as MachineCell[],
    mochaReporters = [] as MochaReporter[],
  } = {},
): Promise<Outcome> {
  const events: RunEvent[] = []
  const reporter = {
    on(event: RunEvent) {
      events.push(event)
      on(event)
    },
  }
  const options = {
    why: 'a test',
    cells,
    keep,
    mochaReporters,
    jobs: { number: jobs, machines: jobs, why: '' },
    repeat,
    resumed,
  }
  const exitCode = await run({ labs, reporters: [reporter], signal, ...options })
  expectBalance(events)
  return {
    exitCode,
    events,
    failures: events.flatMap(event => (event.type === 'lab-ended' ? [event.failure] : [])),
    steps: events.flatMap(event => (event.type === 'step-ended' ? [event.status] : [])),
    totals: events.flatMap(event => (event.type === 'run-ended' ? [event.totals] : []))[0],
  }
}
