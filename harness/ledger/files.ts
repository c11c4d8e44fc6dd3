import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Evidence } from './evidence.ts'
import type { Ledger } from './ledger.ts'

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))
const ledgerFile = join(docs, 'ledger.json')
const pageFile = join(docs, 'LEDGER.md')
const evidenceFolder = join(docs, 'evidence')

/** The committed ledger; undefined where there is none yet. */
export async function readLedger(): Promise<Ledger | undefined> {
  return await read(ledgerFile)
}

/** The committed evidence of a lab; undefined where there is none yet. */
export async function readEvidence(lab: string): Promise<Evidence | undefined> {
  return await read(join(evidenceFolder, `${lab}.json`))
}

/** The committed evidence of all labs that have some, by name. */
export async function readAllEvidence(): Promise<Evidence[]> {
  const names = (await readdir(evidenceFolder)).filter(name => name.endsWith('.json')).toSorted()
  const read = await Promise.all(names.map(name => readEvidence(basename(name, '.json'))))
  return read.filter(one => one !== undefined)
}

/** Writes the ledger, its page and the evidence of all labs; that of a lab which is not among them goes. */
export async function writeLedger(ledger: Ledger, page: string, evidence: readonly Evidence[]): Promise<void> {
  await mkdir(evidenceFolder, { recursive: true })
  const names = evidence.map(({ lab }) => `${lab}.json`)
  for (const name of await readdir(evidenceFolder)) if (!names.includes(name)) await rm(join(evidenceFolder, name))
  await write(ledgerFile, ledger)
  await writeFile(pageFile, page)
  for (const one of evidence) await write(join(evidenceFolder, `${one.lab}.json`), one)
}

async function read<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : (JSON.parse(text) as T)
}

async function write(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`)
}
