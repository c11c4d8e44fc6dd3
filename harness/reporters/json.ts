import {
  type CommandEnded,
  type Failure,
  keyOf,
  type LabHeader,
  labOf,
  type Reporter,
  type RunEvent,
  type RunStarted,
  type StepHeader,
  type Totals,
} from '../events.ts'
import type { JsonCommand, JsonFailure, JsonLab, JsonReport, JsonStep } from './json-report.ts'
import type { Output } from './output.ts'

/** One JSON document at the end of the run. */
export function reporter(output: Output): Reporter {
  const events: RunEvent[] = []
  return {
    on: event => void events.push(event),
    end() {
      output.write(`${JSON.stringify(jsonReport(events), undefined, 2)}\n`)
      output.close()
    },
  }
}

/** The document of a run, from all its events; also from those of one that was cut off. */
export function jsonReport(events: RunEvent[]): JsonReport {
  const started = only(events, 'run-started')[0]
  const ended = only(events, 'run-ended').at(-1)
  const machine = only(events, 'machine-started')[0]?.facts
  const labs = started ? labsOf(started, events) : []
  const cell = started?.cells.length === 1 ? started.cells[0] : undefined
  return {
    schema: 'vethlab-report/1',
    // A run that ended without a word was stopped from outside.
    exitCode: ended?.exitCode ?? 130,
    startedAt: started?.at ?? null,
    endedAt: ended?.at ?? null,
    ms: round(ended?.ms ?? 0),
    provider: started?.provider ?? null,
    why: started?.why ?? null,
    suite: cell?.suite ?? null,
    cells: started?.cells ?? [],
    accelerator: machine?.accelerator ?? null,
    kernel: machine?.kernel ?? null,
    engine: machine?.engine ? { name: 'docker', version: machine.engine } : null,
    iptables: machine ? { version: machine.iptables, backend: machine.iptablesBackend } : null,
    jobs: started?.jobs ?? null,
    labs,
    repeated: only(events, 'lab-repeated').map(({ lab, cell = null, runs, passed, differences }) => ({
      lab,
      cell,
      runs,
      passed,
      differences,
    })),
    totals: totalsOf(labs),
    failures: [
      ...labs.flatMap(failuresOf),
      ...(ended?.failure ? [{ lab: null, repetition: null, cell: null, step: null, ...ended.failure }] : []),
    ],
  }
}

function labsOf(started: RunStarted, events: RunEvent[]): JsonLab[] {
  const runs = Map.groupBy(events, event => {
    const of = labOf(event)
    return of && keyOf(of)
  })
  const headers = new Map(started.labs.map(header => [header.name, header]))
  return started.runs.flatMap(of => {
    const header = headers.get(of.lab)
    const cell = of.cell ?? null
    return header ? [labFrom(runs.get(keyOf(of)) ?? [], header, { repetition: of.repetition ?? null, cell })] : []
  })
}

function labFrom(
  events: RunEvent[],
  header: LabHeader,
  { repetition, cell }: Pick<JsonLab, 'repetition' | 'cell'>,
): JsonLab {
  const { name, title, document } = header
  const machine = only(events, 'machine-started')[0]
  const residue = only(events, 'residue')[0]
  const kept = only(events, 'machine-kept')
  const keptOf = (machine: string | undefined) => {
    const found = kept.find(one => one.machine === machine)
    return found ? { machine: found.machine, name: found.name ?? null, enter: found.enter, remove: found.remove } : null
  }
  const ended = only(events, 'lab-ended')[0]
  const started = only(events, 'lab-started').length > 0
  const commands = only(events, 'command')
  const bySteps = Map.groupBy(events, stepIn)
  return {
    name,
    repetition,
    cell,
    title,
    document,
    status: ended?.status ?? (started ? 'failed' : 'skipped'),
    ms: round(ended?.ms ?? 0),
    machine: machine?.facts ?? null,
    machineMs: machine ? round(machine.ms) : null,
    machines: only(events, 'machine-started').map(({ machine: name = null, facts }) => {
      return { name, facts, kept: keptOf(facts.machine) }
    }),
    steps: header.steps.map(step => stepOf(step, bySteps.get(step.number) ?? [])),
    undo: commands.filter(({ phase }) => phase === 'undo').map(commandOf),
    residue: residue?.differences ?? null,
    kept: keptOf(kept[0]?.machine),
    failure: ended?.failure ?? null,
    reason: ended?.reason ?? null,
  }
}

/** The number of the step that an event is of; null for none. */
function stepIn(event: RunEvent): number | null {
  if (!('step' in event)) return null
  return typeof event.step === 'object' ? (event.step?.number ?? null) : event.step
}

/** A step, from its own events. */
function stepOf({ number, title, covers, changed }: StepHeader, events: RunEvent[]): JsonStep {
  const started = only(events, 'step-started').length > 0
  const [ended] = only(events, 'step-ended')
  return {
    number,
    title,
    covers: covers.map(({ id }) => id),
    judgements: covers,
    changed,
    status: ended?.status ?? (started ? 'failed' : 'skipped'),
    ms: round(ended?.ms ?? 0),
    commands: only(events, 'command')
      .filter(({ phase }) => phase === 'act')
      .map(commandOf),
    expectations: only(events, 'expectation').map(({ text, status, saw, looks, ms, where }) => {
      return { text, status, saw, looks, ms: round(ms), where }
    }),
    failure: ended?.failure ?? null,
    reason: ended?.reason ?? null,
  }
}

function commandOf(event: CommandEnded): JsonCommand {
  const { machine = null, segment = null, command, exitCode, signal, stdout, stderr, ms } = event
  return { machine, segment, command, exitCode, signal, stdout, stderr, ms: round(ms) }
}

/** A lab's failure is its step's, unless it is another. */
function failuresOf(lab: JsonLab): JsonFailure[] {
  const ofSteps = lab.steps.flatMap(({ number, failure }) =>
    failure ? [{ lab: lab.name, repetition: lab.repetition, cell: lab.cell, step: number, ...failure }] : [],
  )
  const same = (one: Failure, other: Failure) => one.kind === other.kind && one.message === other.message
  const { failure } = lab
  return !failure || ofSteps.some(other => same(failure, other))
    ? ofSteps
    : [...ofSteps, { lab: lab.name, repetition: lab.repetition, cell: lab.cell, step: null, ...failure }]
}

function totalsOf(labs: JsonLab[]): Totals {
  const steps = labs.flatMap(lab => lab.steps)
  const expectations = steps.flatMap(step => step.expectations)
  const tally = (those: { status: string }[]) => (status: string) => those.filter(one => one.status === status).length
  const statuses = (of: (status: string) => number) => ({
    passed: of('passed'),
    failed: of('failed'),
    skipped: of('skipped'),
  })
  return {
    labs: statuses(tally(labs)),
    steps: statuses(tally(steps)),
    commands: labs.flatMap(lab => [...lab.undo, ...lab.steps.flatMap(step => step.commands)]).length,
    expectations: { passed: tally(expectations)('passed'), failed: tally(expectations)('failed') },
  }
}

function only<T extends RunEvent['type']>(events: RunEvent[], type: T): Extract<RunEvent, { type: T }>[] {
  return events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type)
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
