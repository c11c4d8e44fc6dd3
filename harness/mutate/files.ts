import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mutationsPage } from './page.ts'
import { readMutations } from './read.ts'
import type { LabMutations, MutationReport } from './report.ts'

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))
const folder = join(docs, 'mutations')

/** What was written down of labs, a report for each, in the order of their names. */
export async function committedMutations(): Promise<MutationReport[]> {
  return await Promise.all((await readdir(folder)).toSorted().map(name => readMutations(join(folder, name))))
}

/** What was written down of one lab; undefined where nothing was. */
export async function committedMutationsOf(lab: string): Promise<LabMutations | undefined> {
  const path = join(folder, `${lab}.json`)
  return existsSync(path) ? (await readMutations(path)).labs[0] : undefined
}

/** Writes down what came of labs, a file for each, and the page about all that are written down; those that are no lab any more go. */
export async function writeMutations(reports: readonly MutationReport[], known: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const report of reports) {
    for (const lab of report.labs) {
      await writeFile(join(folder, `${lab.lab}.json`), `${JSON.stringify({ ...report, labs: [lab] }, null, 2)}\n`)
    }
  }
  for (const name of await readdir(folder)) {
    if (!known.some(lab => name === `${lab}.json`)) await rm(join(folder, name))
  }
  await writeFile(join(docs, 'MUTATIONS.md'), mutationsPage(await committedMutations()))
}
