import { HostError, MachineError } from '../../vm/errors.ts'
import type { Choice } from '../../vm/providers/choose.ts'
import type { RunEvent, Shard } from '../events.ts'
import { failureInWords } from '../reporters/words.ts'
import type { MachineCell } from '../run/cell.ts'
import { failureOf } from '../run/failure.ts'
import type { LabFile } from '../run/registry.ts'
import { asker } from './ask.ts'
import type { CellMeant } from './cells.ts'
import { interruptible } from './interrupt.ts'
import { jobsMeant, narrowest, type Room, roomHere } from './jobs.ts'
import { acceleratorOf, provide } from './provider.ts'
import { openReports, type ReporterChoice } from './reports.ts'
import { resumedFrom } from './resume.ts'
import { stepMeant } from './select.ts'

/** What a command line asks for, read but not yet tried. */
export interface RunRequest {
  labs: LabFile[]
  /** Each lab is run in each of these kinds of machine. */
  cells: CellMeant[]
  until: string | undefined
  /** How many labs side by side; undefined: as many as fit. */
  jobs: number | undefined
  repeat: number
  /** Only this part of it all. */
  shard: Shard | undefined
  /** A blob of a run that was cut off: what came to its end there is not run again. */
  resume: string | undefined
  step: boolean
  keep: boolean
  cold: boolean
  /** The machine named by ssh:// may be changed. */
  disposable: boolean
  reporters: ReporterChoice[]
}

/** Runs labs as asked; resolves to the exit code. What is wrong with the request itself is thrown, before anything starts. */
export async function runLabs(request: RunRequest): Promise<number> {
  const { labs, cells, keep, cold, disposable, step, repeat } = request
  const until = untilNumber(request)
  refuseContradictions(request)
  // Read first: the new run's blob may be written in its place.
  const resumed = request.resume === undefined ? undefined : await resumedFrom(request.resume, cells)
  let lostReport = false
  const { reporters, mocha } = await openReports(request.reporters, error => {
    lostReport = true
    say(`${failureInWords(failureOf(error, { place: '', mend: '' }))}\n`)
  })
  // A report may have lines on the terminal that it will rewrite.
  const say = (text: string) => {
    const write = () => void process.stderr.write(text)
    const onTerminal = reporters.find(reporter => reporter.aside)
    if (onTerminal?.aside) onTerminal.aside(write)
    else write()
  }
  const end = async () => {
    for (const reporter of [...reporters, ...mocha]) await reporter.end?.()
  }
  const atOnce = () => {
    // Nothing is awaited any more: each writes what it can.
    for (const reporter of reporters) void reporter.end?.()
  }
  using interrupt = interruptible(atOnce, {
    keep,
    several: labs.length * cells.length * repeat > 1,
    lent: cells.some(isLent),
    say,
  })
  const { signal } = interrupt
  const started = performance.now()
  const tell = (event: RunEvent) => {
    for (const reporter of reporters) reporter.on(event)
  }
  try {
    const report = (line: string) => tell({ type: 'progress', line })
    const choices = new Map<string, Choice>()
    const rooms: Room[] = []
    for (const { on, suite } of cells) {
      if (choices.has(on)) continue
      const choice = await provide(on, { suite, keep, cold, disposable, report, signal })
      const { name } = choice.provider
      const accelerator = await acceleratorOf(choice.provider, { suite, report, signal })
      choices.set(on, choice)
      rooms.push(roomHere({ provider: name, accelerator, machines: mostMachines(labs) }))
    }
    const jobs = step ? oneByOne : jobsMeant(request.jobs, narrowest(rooms))
    const why = [...choices.values()].map(({ why }) => why).join('; ')
    const made = cells.flatMap(({ on, ...kind }): MachineCell[] => {
      const provider = choices.get(on)?.provider
      return provider ? [{ ...kind, provider }] : []
    })
    const { run } = await import('../run/run.ts')
    const ask = step ? asker(interrupt) : undefined
    const mochaReporters = mocha.map(({ Reporter }) => Reporter)
    const asked = { labs, why, cells: made, until, jobs, repeat, shard: request.shard, resumed, keep, ask }
    const exitCode = await run({ ...asked, reporters, mochaReporters, signal })
    await end()
    // Who asked for a report and hasn't got it must hear of it, even if every claim held.
    return exitCode === 0 && lostReport ? 2 : exitCode
  } catch (cause) {
    const error: unknown = signal.aborted ? signal.reason : cause
    const exitCode = signal.aborted ? 130 : error instanceof HostError ? 2 : 3
    const failure = failureOf(error, { place: '', mend: fault(error) })
    const none = { passed: 0, failed: 0, skipped: 0 }
    const totals = { labs: none, steps: none, commands: 0, expectations: { passed: 0, failed: 0 } }
    const ms = performance.now() - started
    tell({ type: 'run-ended', at: new Date().toISOString(), exitCode, totals, ms, failure })
    return exitCode
  } finally {
    await end()
  }
}

function mostMachines(labs: LabFile[]): number {
  // A lab that names none has one.
  return Math.max(...labs.map(({ header }) => header.machines.length || 1))
}

const oneByOne = { number: 1, machines: 1, why: 'each command is asked about' }

/** Flags that make no sense together, or here. */
function refuseContradictions({ cells, step, jobs = 1, repeat, keep }: RunRequest): void {
  const refuse = (message: string, mend: string) => {
    throw new HostError(message, { mend })
  }
  const lent = cells.find(isLent)
  if (lent && cells.length > 1) {
    const message = `${lent.on} is one machine, whose suite is its own; several kinds were asked for`
    refuse(message, 'leave --matrix out, or --on')
  }
  if (keep && cells.length > 1) {
    refuse('--keep would leave a machine of each kind', 'name one suite, one backend and one provider')
  }
  if (step && process.stdin.isTTY !== true) {
    refuse('--step asks before each command, and there is no terminal to ask at', 'leave --step out')
  }
  if (step && jobs > 1) refuse(`--step asks before each command, of one lab at a time`, 'leave --jobs out')
  if (step && repeat > 1) refuse('--repeat compares runs, and --step lets you act differently in each', 'leave one out')
  if (keep && repeat > 1) {
    const mend = 'leave --keep out; run the lab with --keep once it is known where it fails'
    refuse(
      `--repeat runs labs to their end, and --keep would leave ${repeat} machines of each as the last step left it`,
      mend,
    )
  }
}

/** It is somebody's own machine. */
function isLent({ on }: CellMeant): boolean {
  return on.startsWith('ssh://')
}

function untilNumber({ until, labs }: RunRequest): number | undefined {
  if (until === undefined) return undefined
  const [lab, other] = labs
  if (!lab || other) {
    throw new HostError(`--until ends one lab, and there are ${labs.length}`, { mend: 'name one lab' })
  }
  return stepMeant(until, lab.header).number
}

/** What is neither the host's nor the machine's is a fault of ours. */
function fault(error: unknown): string {
  return error instanceof MachineError
    ? ''
    : 'this is a fault of vethlab itself: please report it, with the lines above'
}
