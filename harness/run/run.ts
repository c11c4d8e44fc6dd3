import { HostError } from '../../vm/errors.ts'
import type { Provider } from '../../vm/machine.ts'
import {
  type Failure,
  type Jobs,
  keyOf,
  type LabEvent,
  type LabRepeated,
  type Reporter,
  type RunEvent,
  type Shard,
} from '../events.ts'
import { repetitions } from '../repeat/repetitions.ts'
import { cellInWords } from '../reporters/words.ts'
import { cellsTold, type MachineCell, providersOf } from './cell.ts'
import { type Course, courseOf } from './course.ts'
import { readDurations } from './durations.ts'
import { exitCodeOf } from './exit-code.ts'
import { failureOf } from './failure.ts'
import type { Intervention } from './intervention.ts'
import { labRun } from './lab-run.ts'
import type { Followed, MochaReporter, Repeated } from './mocha.ts'
import { planOf, shardOf } from './plan.ts'
import type { LabFile } from './registry.ts'
import { sideBySide } from './side-by-side.ts'
import { asOf, catchStrays } from './strays.ts'
import { followedFrom } from './told.ts'
import { tally } from './totals.ts'

/** What is to be run, where, and who is told. */
export interface RunOptions {
  labs: LabFile[]
  /** The kinds of machine, each lab is run in each. */
  cells: readonly MachineCell[]
  /** Why with their providers, in one line. */
  why: string
  /** How many labs go on side by side; one unless told otherwise. */
  jobs?: Jobs
  /** How often each lab is run, each time in a machine of its own; once unless told otherwise. */
  repeat?: number
  /** Only this part of it all is run. */
  shard?: Shard | undefined
  /** Labs' runs that an earlier run has brought to their end, by their keys: they are told again, and not made. */
  resumed?: ReadonlyMap<string, LabEvent[]> | undefined
  /** Number of the last step to run, when only one lab is run. */
  until?: number | undefined
  keep: boolean
  /** Who stands between the labs and their machines; nobody unless told otherwise. */
  intervention?: Intervention
  /** Asked before each command. */
  ask?: ((command: string) => Promise<void>) | undefined
  reporters: Reporter[]
  mochaReporters: MochaReporter[]
  /** Aborts the run with its reason: the machine goes, the exit code is 130. */
  signal: AbortSignal
}

const oneByOne: Jobs = { number: 1, machines: 1, why: 'one by one' }

/** Runs labs, each on a machine of its own; resolves to the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const { why, cells, until, keep, ask, signal, reporters, jobs = oneByOne, repeat = 1, shard } = options
  const { resumed = new Map<string, LabEvent[]>(), intervention = {} } = options
  const started = performance.now()
  const totals = tally()
  const repeated = repetitions()
  const emit = (event: RunEvent) => {
    totals.on(event)
    if (repeat > 1) repeated.on(event)
    for (const reporter of reporters) reporter.on(event)
  }
  const providers = providersOf(cells)
  const whole = planOf(options.labs, cells, repeat)
  const plan = shard ? shardOf(whole, shard, await readDurations()) : whole
  emit({
    ...{
      type: 'run-started',
      at: new Date().toISOString(),
      provider: (providers.length === 1 && providers[0]?.name) || null,
      why,
      cells: cellsTold(cells),
      jobs,
      repeat,
    },
    labs: [...new Set(plan.map(({ file }) => file.header))],
    runs: plan.map(({ of }) => of),
    ...(shard && { shard: { ...shard, whole: whole.map(({ of }) => of) } }),
  })
  const known = plan.map(({ of }) => resumed.get(keyOf(of)))
  for (const event of known.flatMap(events => events ?? [])) emit(event)
  const once = new Map(providers.map(provider => [provider, refusedOnce(provider)]))
  const runs = plan.flatMap(({ file, cell, of }, i) => {
    if (known[i]) return []
    const provider = once.get(cell.provider) ?? cell.provider
    return labRun(file, { cell: { ...cell, provider }, of, intervention, ...{ until, keep, ask, emit, signal } })
  })
  let unclaimed: Failure | undefined
  let differ = false
  {
    using _strays = catchStrays(runs, error => {
      unclaimed ??= failureOf(error, { place: '', mend: faultOfOurs })
    })
    const courses = runs.map(courseOf)
    const comparisons = Promise.withResolvers<LabRepeated[]>()
    const titles = plan.flatMap(({ file, repetition = 1, of: { cell } }) =>
      repetition > 1 ? [] : [`${file.header.title}${cell ? ` (${cellInWords(cell)})` : ''}`],
    )
    const yet = courses.values()
    const followed = plan.flatMap(({ of, file }, i): Followed[] => {
      const events = known[i]
      return events ? [followedFrom(of, file.header, events)] : yet.take(1).toArray()
    })
    const following = follow(followed, repeat > 1 ? { titles, comparisons: comparisons.promise } : undefined, options)
    const together = { jobs: jobs.number, room: jobs.machines, takes: machinesOf }
    await sideBySide(courses, together, course => asOf(course.run, () => course.go(signal)))
    const compared = repeat > 1 ? repeated.compared() : []
    for (const event of compared) emit(event)
    comparisons.resolve(compared)
    differ = compared.some(({ differences }) => differences.length > 0)
    await following
  }
  const ends = known.flatMap(events => events ?? []).filter(event => event.type === 'lab-ended')
  const failures = [...ends.flatMap(({ failure }) => failure ?? []), ...runs.flatMap(run => run.failure ?? [])]
  const tested = runs.some(run => run.skipped === undefined) || ends.some(({ status }) => status !== 'skipped')
  const exitCode = exitCodeOf(failures, { interrupted: signal.aborted, tested }) || (unclaimed ? 3 : differ ? 1 : 0)
  emit({
    type: 'run-ended',
    at: new Date().toISOString(),
    exitCode,
    totals: totals.sum(),
    ms: performance.now() - started,
    ...(unclaimed && { failure: unclaimed }),
  })
  for (const reporter of reporters) await reporter.end?.()
  return exitCode
}

function machinesOf({ run }: Course): number {
  // A lab that names none has one.
  return run.file.header.machines.length || 1
}

/** Mocha takes longer to load than a machine to start: only those pay who want its reporters. */
async function follow(
  courses: Followed[],
  repeated: Repeated | undefined,
  { mochaReporters }: Pick<RunOptions, 'mochaReporters'>,
): Promise<void> {
  if (mochaReporters.length === 0) return
  const { followInMocha } = await import('./mocha.ts')
  await followInMocha(courses, repeated, mochaReporters)
}

const faultOfOurs = 'this is a fault of vethlab itself: please report it, with the lines above'

/** A host that could not give one lab its machine is not asked again for one of the same kind. */
function refusedOnce(provider: Provider): Provider {
  const refusals = new Map<string, HostError>()
  return {
    ...provider,
    async start(request) {
      const kind = [request.engine, request.suite, request.backend].join(' ')
      const refusal = refusals.get(kind)
      if (refusal) throw refusal
      try {
        return await provider.start(request)
      } catch (error) {
        if (error instanceof HostError) refusals.set(kind, error)
        throw error
      }
    },
  }
}
