import type {
  Cell,
  EngineChange,
  Failure,
  Jobs,
  Judgement,
  LabRepeated,
  MachineFacts,
  Status,
  Totals,
} from '../events.ts'

/**
 * What `--reporter json` prints: one document, complete also when the run was interrupted or nothing could be run.
 * docs/json-report.md says more. All `ms` are durations in milliseconds, all `…At` are ISO 8601 times.
 */
export interface JsonReport {
  schema: 'vethlab-report/1'
  exitCode: number
  startedAt: string | null
  endedAt: string | null
  ms: number
  /** The provider chosen; null when none could be, and where there are several, which the cells name. `why` tells of all. */
  provider: string | null
  why: string | null
  /** The suite of all machines; null where there are several, or none. */
  suite: string | null
  /** The kinds of machine that each lab was to be run in. */
  cells: Cell[]
  /** `kvm`, `tcg` or `host`, as the first machine said; null, as the three below, while no machine has come up. */
  accelerator: string | null
  kernel: string | null
  engine: { name: 'docker'; version: string } | null
  iptables: { version: string; backend: string | null } | null
  /** How many labs went on side by side at most, and why so many; null when none could. */
  jobs: Jobs | null
  labs: JsonLab[]
  /** Where each lab was run several times: how its runs compare; else empty. */
  repeated: JsonRepeated[]
  totals: Totals
  /** All failures, in the order in which they happened. */
  failures: JsonFailure[]
}

/** A lab, once for each time that it was run. */
export interface JsonLab {
  name: string
  /** Which of the lab's runs this is, counted from 1; null where each is run once. */
  repetition: number | null
  /** In which kind of machine; null where all labs are run in one. */
  cell: Cell | null
  title: string
  /** null: no document's, the lab is our own. */
  document: string | null
  status: Status
  ms: number
  /** Facts read in this lab's machine, the first where it has several; null when none came up. */
  machine: MachineFacts | null
  /** How long the machine, or all of them, took to come up. */
  machineMs: number | null
  /** Its machines that came up, in the lab's order. */
  machines: JsonMachine[]
  steps: JsonStep[]
  /** The clean-up's commands, in the order in which they ran. */
  undo: JsonCommand[]
  /** How the machine differed from what it was: lines that went (`-`) and came (`+`); null when it wasn't compared. */
  residue: string[] | null
  /** How to enter and remove the machine, the first where it has several, when it was asked to stay. */
  kept: JsonKept | null
  failure: Failure | null
  /** Why all of it was skipped: what the machine lacks of what it needs, or what the provider can't offer; else null. */
  reason: string | null
}

/** What the runs of a lab came to, and in what they differ; `repetitions` are their numbers. */
export type JsonRepeated = Omit<LabRepeated, 'type' | 'cell'> & { cell: Cell | null }

export interface JsonMachine {
  /** What the lab calls it; null where it has only one. */
  name: string | null
  facts: MachineFacts
  kept: JsonKept | null
}

export interface JsonKept {
  machine: string
  /** What it is called among the machines of this host. */
  name: string | null
  enter: string
  remove: string
}

export interface JsonStep {
  number: number
  title: string
  covers: string[]
  /** What the step, if it passes, proves of each of them. */
  judgements: Judgement[]
  /** What newer engines do otherwise, as the step, if it passes, proves on those before and on those since. */
  changed: EngineChange[]
  status: Status
  ms: number
  commands: JsonCommand[]
  expectations: JsonExpectation[]
  failure: Failure | null
  /** Why it was skipped: what the machine lacks of what it, or the lab, needs; null also where it was not come to. */
  reason: string | null
}

export interface JsonCommand {
  /** The lab's name of the machine that it ran on; null where there is only one, and for what was done to a segment. */
  machine: string | null
  /** The segment, for `cut NAME` and `restore NAME`; else null. */
  segment: string | null
  command: string
  /** null when a signal ended it. */
  exitCode: number | null
  signal: string | null
  stdout: string
  stderr: string
  ms: number
}

export interface JsonExpectation {
  text: string
  status: 'passed' | 'failed'
  saw: string
  looks: number
  ms: number
  where: string
}

/** A failure with the lab and the number of the step that it belongs to; null when nothing was run. */
export interface JsonFailure extends Failure {
  lab: string | null
  repetition: number | null
  cell: Cell | null
  step: number | null
}
