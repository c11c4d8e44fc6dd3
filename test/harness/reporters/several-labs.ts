import type { LabEvent, LabHeader, RunEvent, Status } from '../../../harness/events.ts'

/** A lab of one step. */
export function header(name: string): LabHeader {
  const step = { number: 1, title: `${name} does its step`, covers: [], changed: [], needs: {} }
  return {
    name,
    title: `The lab ${name}`,
    document: null,
    finds: null,
    topology: '',
    engine: false,
    steps: [step],
    needs: {},
    untestable: [],
    machines: [],
    segments: [],
  }
}

/** The beginning of a run of labs that go on side by side. */
export function begun(names: string[], { repeat = 1, jobs = 2 } = {}): RunEvent {
  return {
    ...{ type: 'run-started', at: '2026-03-01T10:00:00.000Z', labs: names.map(header) },
    ...{ provider: 'sandbox', why: 'sandbox: a test', cells: [{ suite: 'trixie', backend: 'nft' }] },
    ...{ jobs: { number: jobs, machines: jobs, why: '2 cores' }, repeat },
    runs: names.flatMap(lab =>
      Array.from({ length: repeat }, (_, i) => ({ lab, ...(repeat > 1 && { repetition: i + 1 }) })),
    ),
  }
}

/** What a lab tells, in order: its start, one step with a command and a claim, its end. */
export function eventsOf(
  name: string,
  { status = 'passed' as Status, repetition = undefined as number | undefined } = {},
) {
  const lab = header(name)
  const step = { number: 1, title: `${name} does its step`, covers: [], changed: [], needs: {} }
  const failure = { kind: 'claim' as const, message: `${name} should hold` }
  const failed = status === 'failed' ? { failure } : {}
  const verdict = status === 'failed' ? 'failed' : 'passed'
  const events: LabEvent[] = [
    { type: 'lab-started', at: '2026-03-01T10:00:00.000Z', lab },
    { type: 'step-started', lab: name, step },
    {
      type: 'command',
      lab: name,
      step: 1,
      phase: 'act',
      command: `act ${name}`,
      exitCode: 0,
      signal: null,
      stdout: '',
      stderr: '',
      ms: 1,
    },
    {
      type: 'expectation',
      lab: name,
      step: 1,
      text: `${name} should hold`,
      status: verdict,
      saw: 'it',
      looks: 1,
      ms: 1,
      where: '',
    },
    { type: 'step-ended', lab: name, step, status, ms: 2, ...failed },
    { type: 'lab-ended', lab, status, ms: 1500, ...failed },
  ]
  return events.map(event => (repetition === undefined ? event : { ...event, repetition }))
}

const none = { passed: 0, failed: 0, skipped: 0 }

/** The end of a run. */
export const over: RunEvent = {
  ...{ type: 'run-ended', at: '2026-03-01T10:00:09.000Z', exitCode: 0, ms: 9000 },
  totals: { labs: none, steps: none, commands: 0, expectations: { passed: 0, failed: 0 } },
}

/** Takes one event of each in turn. */
export function inTurns<T>(...lists: T[][]): T[] {
  const longest = Math.max(...lists.map(list => list.length))
  return Array.from({ length: longest }, (_, i) => lists.flatMap(list => list.slice(i, i + 1))).flat()
}
