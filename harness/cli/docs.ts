import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaultBackend } from '../../vm/backend.ts'
import { HostError } from '../../vm/errors.ts'
import { defaultSuite } from '../../vm/suite.ts'
import { type Document, readDocuments } from '../claims/documents.ts'
import type { LabHeader } from '../events.ts'
import { withCatalogue } from '../pages/catalogue.ts'
import { labPage } from '../pages/lab-page.ts'
import type { JsonReport } from '../reporters/json-report.ts'
import { count } from '../reporters/words.ts'
import { writeDurations } from '../run/durations.ts'
import { findLabs } from '../run/registry.ts'
import { readReport } from './read-report.ts'

const top = fileURLToPath(new URL('../../', import.meta.url))

/** Writes the page of each lab, how long it takes, and the README's catalogue, out of reports of all labs; resolves to 0. */
export async function docs(paths: readonly string[]): Promise<number> {
  const reports = await Promise.all(paths.map(readReport))
  const pages = await pagesOf(reports)
  const folder = join(top, 'docs', 'labs')
  await mkdir(folder, { recursive: true })
  const stale = (await readdir(folder)).map(name => `docs/labs/${name}`).filter(name => !pages.has(name))
  for (const name of stale) await rm(join(top, name))
  for (const [name, text] of pages) await writeFile(join(top, name), text)
  await writeDurations(reports.flatMap(({ labs }) => labs))
  process.stdout.write(`${count(pages.size, 'page')} written, ${stale.length} removed\n`)
  return 0
}

/** The pages that reports make, by their paths in the project: a lab's each, and README.md. @throws HostError as `pageOf` */
export async function pagesOf(reports: readonly JsonReport[]): Promise<Map<string, string>> {
  const [labs, documents] = await Promise.all([findLabs(), readDocuments()])
  const headers = labs.map(({ header }) => header)
  const pages = await Promise.all(headers.map(header => pageOf(header, reports, documents)))
  return new Map([...pages, ['README.md', await readmeOf(headers)]])
}

/**
 * A lab's page and its path in the project, of the lab's last run in the default kind of machine, and of what only the other iptables
 * backend could do. @throws HostError where the lab did not pass there
 */
export async function pageOf(
  header: LabHeader,
  reports: readonly JsonReport[],
  documents: readonly Document[],
): Promise<[path: string, text: string]> {
  const runs = reports
    .flatMap(({ labs }) => labs)
    .filter(({ name, machine }) => name === header.name && machine?.suite === defaultSuite)
  const run = runs.findLast(({ machine }) => machine?.iptablesBackend === defaultBackend)
  const other = runs.findLast(({ machine }) => machine?.iptablesBackend !== defaultBackend)
  // One of which nothing could be run, as the machine lacks what it needs, is skipped.
  if (!run || (run.status !== 'passed' && run.reason === null)) {
    throw new HostError(`there is no run of ${header.name} on ${defaultSuite} that passed`, {
      mend: 'npm run lab -- --all --on sandbox --reporter json=report.json',
    })
  }
  const path = `docs/labs/${header.name}.md`
  const before = await readFile(join(top, path), 'utf8').catch(() => '')
  // What only the other backend can show is all that is taken of it.
  const page = other ? labPage(header, other, documents, before) : before
  return [path, labPage(header, run, documents, page)]
}

/** README.md with the catalogue of these labs. */
export async function readmeOf(labs: readonly LabHeader[]): Promise<string> {
  const catalogued = withCatalogue(await readFile(join(top, 'README.md'), 'utf8'), labs)
  if (catalogued === undefined) throw new Error('README.md has no place for the catalogue')
  return catalogued
}
