import type { MachineStarted, RunEvent } from '../events.ts'
import type { MachineCell } from '../run/cell.ts'
import { courseOf } from '../run/course.ts'
import type { Intervention } from '../run/intervention.ts'
import { type LabRun, labRun } from '../run/lab-run.ts'
import type { LabFile } from '../run/registry.ts'
import { sideBySide } from '../run/side-by-side.ts'
import { asOf, catchStrays } from '../run/strays.ts'
import { type Discovery, discovery } from './discover.ts'
import { hashOf, stepHashes } from './hash.ts'
import type { Mutation } from './mutation.ts'
import type { LabMutations, Tried } from './report.ts'
import { shortcutsTo } from './shortcut.ts'
import { stillHolds } from './still-holds.ts'
import { type Outcome, trial } from './trial.ts'

/** What is to be broken, where, and who is told. */
export interface MutateOptions {
  labs: readonly LabFile[]
  cell: MachineCell
  /** How many machines are up at once. */
  jobs: number
  /** Which of a lab's mutations are tried; all unless told. */
  wanted(lab: string, mutation: Mutation): boolean
  /** What came of labs in an earlier run: what it decided in such a machine is not tried again as far as the lab's text is the same. */
  resumed: readonly LabMutations[]
  /** Told in one line, for people, what takes time. */
  report(line: string): void
  /** Told each lab that can be broken, and in how many ways; then each mutation, as it is decided. */
  onDiscovered(lab: string, discovery: Discovery): void
  onTried(lab: string, tried: Tried): void
  /** Told a lab that these machines have not what it needs for, and why: it is left out. */
  onSkipped(lab: string, because: string): void
  signal: AbortSignal
}

/** A lab that did not even pass undisturbed: it can't be broken. */
export class UnfitLabError extends Error {
  override name = 'UnfitLabError'
}

/** What breaks labs, and its runs that go on. */
interface Breaking extends MutateOptions {
  runs: LabRun[]
}

interface Subject {
  file: LabFile
  discovery: Discovery
  sha256: string
  steps: string[]
  machine: string
  /** What an earlier run decided. */
  known: Map<string, Tried>
  /** The steps that suffice for a step to pass, itself among them, by its number. */
  shortcuts: Map<number, ReadonlySet<number>>
  tried: Map<string, Tried>
}

/**
 * Breaks labs in every way that a first, undisturbed run of each shows, each in a fresh machine, and says what noticed. Aborted, it
 * says what it has tried until then.
 * @throws UnfitLabError when a lab fails undisturbed
 */
export async function mutate(asked: MutateOptions): Promise<LabMutations[]> {
  const { labs, jobs, onDiscovered, onTried, wanted, signal } = asked
  const subjects: Subject[] = []
  const failures: unknown[] = []
  const runs: LabRun[] = []
  const options = { ...asked, runs }
  using _strays = catchStrays(runs, error => failures.push(error))
  const noted = (work: () => Promise<void>) => work().catch((error: unknown) => void failures.push(error))
  const go = async <T>(items: T[], work: (item: T) => Promise<void>) => {
    await sideBySide(items, { jobs }, item => noted(async () => (signal.aborted ? undefined : await work(item))))
    if (failures.length > 0 && !signal.aborted) throw failures[0]
  }
  await go([...labs], async file => {
    const subject = await subjectOf(file, options)
    if (!subject) return
    subjects.push(subject)
    onDiscovered(file.name, subject.discovery)
  })
  const inOrder = labs.flatMap(file => subjects.filter(subject => subject.file === file))
  const all = inOrder.flatMap(subject =>
    subject.discovery.mutations
      .filter(({ mutation }) => wanted(subject.file.name, mutation))
      .map(discovered => ({ subject, ...discovered })),
  )
  const toTry = all.filter(({ subject, mutation, idle }) => !idle && !subject.known.has(keyOf(mutation)))
  const steps = Map.groupBy(toTry, ({ subject, mutation }) => `${subject.file.name} ${mutation.at?.step}`)
  const busy = [...steps.values()].flatMap(([first, second]) => (first && second ? [first] : []))
  await go(busy, ({ subject, mutation }) => findShortcut(subject, mutation.at?.step, options))
  await go(all, async ({ subject, mutation, idle }) => {
    const outcome: Tried['outcome'] =
      subject.known.get(keyOf(mutation))?.outcome ??
      (idle === undefined ? await tryOut(subject, mutation, options) : { result: 'not applicable', because: idle })
    const because = subject.file.lab.unseen?.find(one => one.mutation.test(mutation.change))?.because
    const tried: Tried = { ...mutation, outcome, unseen: outcome.result === 'survived' ? (because ?? null) : null }
    subject.tried.set(mutation.id, tried)
    onTried(subject.file.name, tried)
  })
  return inOrder.map(resultOf)
}

function keyOf({ id, change }: Mutation): string {
  return `${id}: ${change}`
}

function resultOf({ file, sha256, steps, machine, discovery, tried }: Subject): LabMutations {
  const { commands, looking, mutations } = discovery
  return {
    ...{ lab: file.name, sha256, steps, machine, commands, looking, found: mutations.length },
    mutations: mutations.flatMap(({ mutation }) => tried.get(mutation.id) ?? []),
    unseen: (file.lab.unseen ?? []).flatMap(({ mutation, seenElsewhere }) => (seenElsewhere ? [] : [mutation.source])),
  }
}

async function subjectOf(file: LabFile, options: Breaking): Promise<Subject | undefined> {
  const found = discovery()
  let machine = ''
  const { failed, skipped } = await runLab(file, options, found.intervention, event => {
    found.on(event)
    if (event.type === 'machine-started') machine = machineInWords(event)
  })
  if (skipped !== undefined) {
    options.onSkipped(file.name, skipped)
    return undefined
  }
  if (failed !== undefined) throw new UnfitLabError(`${file.name} fails undisturbed: ${failed}`)
  const known = found.found()
  const control = trial(undefined, known)
  const impatient = await runLab(file, options, control.intervention, control.on)
  // Where short patience alone turns it red, patience is what the lab says itself.
  const discovered = impatient.failed === undefined ? known : { ...known, took: new Map<string, number>() }
  const [sha256, steps] = await Promise.all([hashOf(file), stepHashes(file)])
  const earlier = options.resumed.find(one => one.lab === file.name && one.machine === machine)
  const decided = earlier?.mutations.filter(({ outcome }) => stillHolds(outcome, earlier.steps, steps)) ?? []
  return {
    ...{ file, sha256, steps, machine, discovery: discovered, tried: new Map(), shortcuts: new Map() },
    known: new Map(decided.map(tried => [keyOf(tried), tried])),
  }
}

/** Looks for the fewest steps that suffice for a step to pass: what it notices itself need not wait for the others. */
async function findShortcut(subject: Subject, step: number | undefined, options: Breaking): Promise<void> {
  if (step === undefined) return
  for (const shortcut of shortcutsTo(step, subject.discovery)) {
    const control = trial(undefined, subject.discovery, shortcut)
    const { failed } = await runLab(subject.file, options, control.intervention, control.on)
    if (failed !== undefined) continue
    subject.shortcuts.set(step, shortcut)
    return
  }
}

async function tryOut(subject: Subject, mutation: Mutation, options: Breaking): Promise<Outcome> {
  const { file, discovery, shortcuts } = subject
  const shortcut = mutation.at && shortcuts.get(mutation.at.step)
  if (shortcut) {
    const one = trial(mutation, discovery, shortcut)
    await runLab(file, options, one.intervention, one.on)
    const outcome = one.outcome()
    // A later step may notice what this one doesn't.
    if (outcome.result === 'killed' && outcome.by.step === mutation.at?.step) return outcome
  }
  let outcome: Outcome = { result: 'untried', because: '' }
  // A machine that is lost says nothing, and the next may.
  for (let i = 0; i < 2 && outcome.result === 'untried'; i++) {
    const one = trial(mutation, discovery)
    await runLab(file, options, one.intervention, one.on)
    options.signal.throwIfAborted()
    outcome = one.outcome()
  }
  return outcome
}

/** Runs a lab to its end; resolves to why it failed or was skipped, neither where it passed. */
async function runLab(
  file: LabFile,
  { cell, report, signal, runs }: Breaking,
  intervention: Intervention,
  on: (event: RunEvent) => void,
): Promise<{ failed: string | undefined; skipped: string | undefined }> {
  const emit = (event: RunEvent) => (event.type === 'progress' ? report(event.line) : on(event))
  const run = labRun(file, {
    ...{ of: { lab: file.name }, cell, intervention, emit, signal },
    ...{ until: undefined, keep: false, ask: undefined },
  })
  runs.push(run)
  await asOf(run, () => courseOf(run).go(signal))
  runs.splice(runs.indexOf(run), 1)
  signal.throwIfAborted()
  return { failed: run.failure?.message, skipped: run.skipped }
}

function machineInWords({ facts }: MachineStarted): string {
  const { provider, suite, engine, iptablesBackend } = facts
  return `${provider}${suite === null ? '' : `:${suite}`}, engine ${engine ?? 'none'}, iptables ${iptablesBackend}`
}
