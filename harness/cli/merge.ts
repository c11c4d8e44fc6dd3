import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HostError } from '../../vm/errors.ts'
import { keyOf, type LabEvent, labOf, type RunEvent } from '../events.ts'
import { readBlob } from '../merge/blob.ts'
import { mergedEvents } from '../merge/merge.ts'
import { failureInWords } from '../reporters/words.ts'
import { failureOf } from '../run/failure.ts'
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

async function tellMocha(events: readonly RunEvent[], reporters: Parameters<typeof follow>[2]): Promise<void> {
  const started = events.find(event => event.type === 'run-started')
  if (!started) return
  const headers = new Map(started.labs.map(header => [header.name, header]))
  const { followedFrom } = await import('../run/told.ts')
  const followed = started.runs.flatMap(of => {
    const header = headers.get(of.lab)
    const own = events.filter((event): event is LabEvent => {
      const which = labOf(event)
      return which !== undefined && keyOf(which) === keyOf(of)
    })
    return header ? [followedFrom(of, header, own)] : []
  })
  const repeated = events.filter(event => event.type === 'lab-repeated')
  const titles = repeated.map(({ lab }) => headers.get(lab)?.title ?? lab)
  await follow(
    followed,
    repeated.length > 0 ? { titles, comparisons: Promise.resolve(repeated) } : undefined,
    reporters,
  )
}

const follow: typeof import('../run/mocha.ts').followInMocha = async (...args) =>
  await (await import('../run/mocha.ts')).followInMocha(...args)
