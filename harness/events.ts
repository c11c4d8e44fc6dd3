import type { EngineChange } from './claims/engine-change.ts'
import type { Judgement } from './claims/verdict.ts'
import type { Needs } from './needs/needs.ts'

export type { EngineChange, Judgement }

/**
 * What a run tells: plain data, in the order in which it happened; events of labs that go on side by side are told as they come. Every report is made from these and nothing else.
 * All `ms` are durations in milliseconds; all `at` are ISO 8601 times.
 */
export type RunEvent =
  | RunStarted
  | Progress
  | LabStarted
  | MachineStarted
  | StepStarted
  | CommandEnded
  | ExpectationEnded
  | StepEnded
  | ResidueTaken
  | MachineKept
  | SegmentKept
  | LabEnded
  | LabRepeated
  | RunEnded

/** What concerns one lab. */
export type LabEvent = Exclude<RunEvent, RunStarted | LabRepeated | RunEnded>

export type Status = 'passed' | 'failed' | 'skipped'

/** What a step is, known before anything runs. `number` counts from 1 within the lab. */
export interface StepHeader {
  number: number
  title: string
  /** The documented claims that the step reproduces or judges, each with the verdict that it proves. */
  covers: Judgement[]
  /** What newer engines do otherwise, as the step proves on those before and on those since. */
  changed: EngineChange[]
  /** What it needs of its machines beyond what the lab does. */
  needs: Needs
}

/** What a lab is, known before anything runs. */
export interface LabHeader {
  name: string
  title: string
  /** null: no document's, the lab is our own. */
  document: string | null
  /** What the catalogue says of it; null where the lab says nothing. */
  finds: string | null
  /** A picture of the topology in text, several lines. */
  topology: string
  engine: boolean
  /** The names of its machines where it has several; else empty. */
  machines: string[]
  /** What joins them, each with the machines on it. */
  segments: { name: string; machines: string[] }[]
  /** What its machines must have besides. */
  needs: Needs
  steps: StepHeader[]
  /** Documented claims of the lab's subject that no step can test. */
  untestable: Judgement[]
}

/** A failure in the form that every report prints: what happened, where, what was seen, how to mend it. */
export interface Failure {
  /** Whose turn it is: a claim that does not hold, a command that failed, the lab's own code, the host, or the machine. */
  kind: 'claim' | 'command' | 'lab' | 'limit' | 'residue' | 'host' | 'machine' | 'interrupted'
  message: string
  where?: string
  saw?: string
  mend?: string
  stack?: string
}

export interface RunStarted {
  type: 'run-started'
  at: string
  labs: LabHeader[]
  /** The provider chosen; null where there are several, which the cells name. */
  provider: string | null
  /** Why this one, or these, in one line. */
  why: string
  /** Each lab is run in each of these. */
  cells: Cell[]
  /** How many labs go on side by side at most, and why so many. */
  jobs: Jobs
  /** How often each lab is run, each time in a machine of its own. */
  repeat: number
  /** All that is run, in order: each lab in each cell, as often as asked; of a shard, what falls to it. */
  runs: InLab[]
  /** Where this is a part of a larger run. */
  shard?: ShardOf
}

/** A part of a run: the first of 4 is `{ index: 1, of: 4 }`. */
export interface Shard {
  index: number
  of: number
}

/** A part of a run, and the whole. */
export interface ShardOf extends Shard {
  whole: InLab[]
}

/** A number of labs side by side; `why` in a few words for people. */
export interface Jobs {
  number: number
  /** How many machines they may have together; a lab that needs more goes on alone. */
  machines: number
  why: string
}

/** Something that takes time and is worth a line: an image being built, a kernel booting. `lab` is absent before the labs begin. */
export interface Progress extends Partial<InLab> {
  type: 'progress'
  line: string
}

/** One kind of machine that labs are run in: a Debian suite, so an engine and a kernel, an iptables backend, and who makes it. */
export interface Cell {
  suite: string
  /** `nft` or `legacy`. */
  backend: string
  /** `qemu`, `sandbox`; absent where all machines are of one provider. */
  provider?: string
}

/** What each event of a lab says: which one's it is. */
export interface InLab {
  lab: string
  /** Which of the lab's runs, counted from 1; absent where each lab is run once. */
  repetition?: number
  /** In which kind of machine; absent where all labs are run in one. */
  cell?: Cell
}

export interface LabStarted extends Omit<InLab, 'lab'> {
  type: 'lab-started'
  at: string
  lab: LabHeader
}

/** A machine is up. Facts are read in the guest, not assumed. */
export interface MachineStarted extends InLab, OnMachine {
  type: 'machine-started'
  facts: MachineFacts
  ms: number
}

/** What an event says that concerns one machine of several. */
export interface OnMachine {
  /** What the lab calls it; absent where there is only one. */
  machine?: string
}

export interface MachineFacts {
  machine: string
  provider: string
  accelerator: string
  suite: string | null
  kernel: string
  /** Version of the engine's package, also where none has run. */
  engine: string | null
  iptables: string
  /** `nft` or `legacy`. */
  iptablesBackend: string | null
}

export interface StepStarted extends InLab {
  type: 'step-started'
  step: StepHeader
}

/**
 * A command ended; or a lab acted on a segment, `cut alpha` and `restore alpha`, which counts as one. `step` is null outside steps (set-up); `phase` is `undo` for what `defer` registered.
 */
export interface CommandEnded extends InLab, OnMachine {
  type: 'command'
  /** The segment that the lab acted on; absent for what ran on a machine. */
  segment?: string
  step: number | null
  phase: 'act' | 'undo'
  command: string
  exitCode: number | null
  signal: string | null
  stdout: string
  stderr: string
  ms: number
}

export interface ExpectationEnded extends InLab {
  type: 'expectation'
  step: number
  /** The claim in words, e.g. `link br-veth01 should show { master: 'br01' }`. */
  text: string
  status: 'passed' | 'failed'
  /** What was seen when it was decided, as short text. */
  saw: string
  /** How often it was looked. */
  looks: number
  ms: number
  /** `labs/bridge-nat.ts:32` */
  where: string
}

export interface StepEnded extends InLab {
  type: 'step-ended'
  step: StepHeader
  status: Status
  ms: number
  failure?: Failure
  /** Why it was skipped: what the machine lacks of what it, or the lab, needs. Absent where it was not come to. */
  reason?: string
}

/**
 * The machine's state before the lab against the state after its clean-up: lines that went (`-`) and came (`+`), which name the
 * machine where there are several, and links that are still cut.
 */
export interface ResidueTaken extends InLab {
  type: 'residue'
  differences: string[]
  ms: number
}

/** The machine stays, as asked: how to enter it and how to remove it, each a command for the host's shell. */
export interface MachineKept extends InLab {
  type: 'machine-kept'
  machine: string
  /** What `npm run lab ps`, `shell` and `rm` call it; undefined for a machine that is not of this host. */
  name: string | undefined
  enter: string
  remove: string
}

/** A segment between machines that stay: what becomes of it, in words. */
export interface SegmentKept extends InLab {
  type: 'segment-kept'
  segment: string
  says: string
}

export interface LabEnded extends Omit<InLab, 'lab'> {
  type: 'lab-ended'
  lab: LabHeader
  status: Status
  ms: number
  /** Why the lab as a whole failed where no step did: host, machine, residue, clean-up. */
  failure?: Failure
  /** Why it was skipped, as all of its steps were: what the machine lacks, or what the provider can't offer. */
  reason?: string
}

/** What several runs of a lab came to, told when all are over. */
export interface LabRepeated {
  type: 'lab-repeated'
  lab: string
  /** In which kind of machine; absent where all labs are run in one. */
  cell?: Cell
  /** How many of them came to an end of their own, and how many of those passed. */
  runs: number
  passed: number
  /** In what they differ; nothing where they are alike. */
  differences: Difference[]
}

/** Something in which runs of a lab differ: which of them, by their numbers, showed what. */
export interface Difference {
  /** `how it ended`, `commands of step 3. …` */
  what: string
  variants: { repetitions: number[]; saw: string }[]
}

export interface RunEnded {
  type: 'run-ended'
  at: string
  exitCode: number
  totals: Totals
  ms: number
  /** Why nothing could be run at all, where no lab has it. */
  failure?: Failure
}

export interface Totals {
  labs: Record<Status, number>
  steps: Record<Status, number>
  commands: number
  expectations: { passed: number; failed: number }
}

/** A report: is told each event in order; `end` resolves when everything is written. */
export interface Reporter {
  on(event: RunEvent): void
  end?(): Promise<void> | void
  /** Lets somebody else write lines to the terminal, which this report may stand on. */
  aside?(write: () => void): void
}

/** The lab whose event this is, and which of its runs; undefined for what concerns the whole run. */
export function labOf(event: RunEvent): InLab | undefined {
  if (!('lab' in event) || event.lab === undefined || event.type === 'lab-repeated') return undefined
  const { lab, repetition, cell } = event
  return { lab: typeof lab === 'string' ? lab : lab.name, ...(repetition && { repetition }), ...(cell && { cell }) }
}

/** What tells one run of a lab from all others of a run. */
export function keyOf({ lab, repetition = 1, cell }: InLab): string {
  return [lab, cell?.suite, cell?.backend, cell?.provider, repetition].join(' ')
}
