import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LabMutations } from './report.ts'

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))
const pageFile = join(docs, 'MUTATIONS.md')
const folder = join(docs, 'mutations')

/** Writes the mutations of all labs, a file each, and the page about them; those of a lab that is not among them go. */
export async function writeMutations(labs: readonly LabMutations[], page: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const names = labs.map(({ lab }) => `${lab}.json`)
  for (const name of await readdir(folder)) if (!names.includes(name)) await rm(join(folder, name))
  for (const one of labs) await writeFile(join(folder, `${one.lab}.json`), `${JSON.stringify(one, null, 2)}\n`)
  await writeFile(pageFile, page)
}
