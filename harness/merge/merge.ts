import { HostError } from '../../vm/errors.ts'
import { keyOf, type LabEnded, type LabEvent, labOf, type RunEvent, type RunStarted } from '../events.ts'
import { repetitions } from '../repeat/repetitions.ts'
import { exitCodeOf } from '../run/exit-code.ts'
import { tally } from '../run/totals.ts'
import { requireAllShards } from './all-shards.ts'
import type { Blob } from './blob.ts'

/**
 * The events that one run of all that these shards ran would have told, lab after lab. @throws HostError where a shard is missing, is
 * there twice, was cut off, or is of another run
 */
export function mergedEvents(blobs: readonly Blob[]): RunEvent[] {
  const started = wholeOf(blobs)
  const byRun = new Map([
    ...Map.groupBy(blobs.flatMap(({ events }) => events).filter(isOfLab), event => keyOf(labOf(event) ?? { lab: '' })),
  ])
  const labs = started.runs.flatMap(of => byRun.get(keyOf(of)) ?? [])
  const totals = tally()
  const repeated = repetitions()
  const told: RunEvent[] = [started, ...labs]
  for (const event of told) {
    totals.on(event)
    repeated.on(event)
  }
  const compared = started.repeat > 1 ? repeated.compared() : []
  const ends = blobs.flatMap(({ ended }) => ended ?? [])
  const failures = labs.flatMap(event => (event.type === 'lab-ended' && event.failure ? [event.failure] : []))
  const tested = labs.some(event => event.type === 'lab-ended' && event.status !== 'skipped')
  const interrupted = ends.some(({ exitCode }) => exitCode === 130)
  const differ = compared.some(({ differences }) => differences.length > 0)
  const [unclaimed] = ends.flatMap(({ failure }) => failure ?? [])
  const at =
    ends
      .map(({ at }) => at)
      .toSorted()
      .at(-1) ?? started.at
  return [
    ...told,
    ...compared,
    {
      type: 'run-ended',
      at,
      exitCode: exitCodeOf(failures, { interrupted, tested }) || (unclaimed ? 3 : differ ? 1 : 0),
      totals: totals.sum(),
      ms: Date.parse(at) - Date.parse(started.at),
      ...(unclaimed && { failure: unclaimed }),
    },
  ]
}

/** How the whole run began, once it is sure that all of it is there. */
function wholeOf(blobs: readonly Blob[]): RunStarted {
  const [first] = blobs
  if (!first)
    throw new HostError('there is no blob to merge', {
      mend: 'npm run lab -- --all --shard 1/2 --reporter blob=1.blob',
    })
  const runs = first.started.shard?.whole ?? first.started.runs
  const again = 'run that shard again'
  for (const { path, started, ended } of blobs) {
    if (JSON.stringify(started.shard?.whole ?? started.runs) !== JSON.stringify(runs)) {
      throw new HostError(`${path} is of another run than ${first.path}`, { mend: 'merge the shards of one run' })
    }
    if (!ended) throw new HostError(`${path} was cut off: its run has no end`, { mend: again })
  }
  requireAllShards(blobs.map(({ path, started: { shard } }) => ({ path, shard })))
  const { shard: _, ...started } = first.started
  const labs = new Map(blobs.flatMap(({ started }) => started.labs.map(lab => [lab.name, lab])))
  const names = [...new Set(runs.map(({ lab }) => lab))]
  const at = blobs.map(({ started }) => started.at).toSorted()[0] ?? started.at
  return { ...started, at, runs, labs: names.flatMap(name => labs.get(name) ?? []) }
}

/** Those of the runs of an interrupted run's labs that came to an end of their own, with all their events. */
export function endedRuns({ events }: Blob): Map<string, LabEvent[]> {
  const byRun = Map.groupBy(events.filter(isOfLab), event => keyOf(labOf(event) ?? { lab: '' }))
  return new Map([...byRun].filter(([, its]) => its.some(isOwnEnd)))
}

function isOwnEnd(event: LabEvent): event is LabEnded {
  return event.type === 'lab-ended' && event.failure?.kind !== 'interrupted' && event.failure?.kind !== 'host'
}

function isOfLab(event: RunEvent): event is LabEvent {
  return labOf(event) !== undefined
}
