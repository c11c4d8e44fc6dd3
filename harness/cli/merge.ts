import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HostError } from '../../vm/errors.ts'
import { keyOf, type LabEvent, labOf, type RunEvent } from '../events.ts'
import { readBlob } from '../merge/blob.ts'
import { mergedEvents } from '../merge/merge.ts'
import { failureInWords } from '../reporters/words.ts'
import { failureOf } from '../run/failure.ts'
import type { MochaReporter } from '../run/mocha.ts'
import { openReports, type ReporterChoice } from './reports.ts'

/**
 * Makes the reports of one run out of its shards' blobs: files, and folders with files that end in `.blob`. Resolves to the exit code
 * that the one run would have had. @throws HostError where a shard is missing or there twice
 */
export async function merge(places: readonly string[], reporters: ReporterChoice[]): Promise<number> {
  const paths = (await Promise.all(places.map(blobsIn))).flat()
  const events = mergedEvents(await Promise.all(paths.map(readBlob)))
  let lost = false
  const reports = await openReports(reporters, error => {
    lost = true
    process.stderr.write(`${failureInWords(failureOf(error, { place: '', mend: '' }))}\n`)
  })
  for (const event of events) for (const reporter of reports.reporters) reporter.on(event)
  if (reports.mocha.length > 0)
    await tellMocha(
      events,
      reports.mocha.map(({ Reporter }) => Reporter),
    )
  for (const reporter of [...reports.reporters, ...reports.mocha]) await reporter.end?.()
  const ended = events.at(-1)
  const exitCode = ended?.type === 'run-ended' ? ended.exitCode : 3
  return exitCode === 0 && lost ? 2 : exitCode
}

async function blobsIn(place: string): Promise<string[]> {
  const found = await stat(place).catch((error: Error) => {
    throw new HostError(`there is nothing to merge: ${error.message}`, { mend: 'npm run lab merge FOLDER' })
  })
  if (!found.isDirectory()) return [place]
  const names = (await readdir(place, { recursive: true })).filter(name => name.endsWith('.blob')).toSorted()
  if (names.length === 0)
    throw new HostError(`${place} holds no file that ends in .blob`, { mend: 'npm run lab merge FOLDER' })
  return names.map(name => join(place, name))
}

async function tellMocha(events: readonly RunEvent[], reporters: MochaReporter[]): Promise<void> {
  const started = events.find(event => event.type === 'run-started')
  if (!started) return
  const headers = new Map(started.labs.map(header => [header.name, header]))
  // Mocha takes longer to load than all the rest: only those pay who want its reporters.
  const [{ followedFrom }, { followInMocha }] = await Promise.all([import('../run/told.ts'), import('../run/mocha.ts')])
  const byRun = Map.groupBy(events, event => {
    const of = labOf(event)
    return of && keyOf(of)
  })
  const followed = started.runs.flatMap(of => {
    const header = headers.get(of.lab)
    return header ? [followedFrom(of, header, (byRun.get(keyOf(of)) ?? []) as LabEvent[])] : []
  })
  const repeated = events.filter(event => event.type === 'lab-repeated')
  const titles = repeated.map(({ lab }) => headers.get(lab)?.title ?? lab)
  await followInMocha(
    followed,
    repeated.length > 0 ? { titles, comparisons: Promise.resolve(repeated) } : undefined,
    reporters,
  )
}
