import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One thing that a document does or says, in our own words. */
export interface DocumentedClaim {
  /** Stable and unique over all documents: `S001-16`. */
  id: string
  /** `procedure`: commands to be typed and what they show. `claim`: a statement. */
  kind: 'procedure' | 'claim'
  /** Where in the document it stands. */
  section: string
  says: string
  /** The document's own commands, as printed there. */
  commands?: string[]
}

/** A document whose procedures and claims the labs reproduce and judge. */
export interface Document {
  /** As `lab({ document })` names it, e.g. `001_b001d9c9a1a19151`. */
  document: string
  about: string
  claims: DocumentedClaim[]
}

const folder = fileURLToPath(new URL('../../labs/documents/', import.meta.url))

/** Reads all documents' inventories, in order of their names. */
export async function readDocuments(): Promise<Document[]> {
  const files = (await readdir(folder)).filter(file => file.endsWith('.json')).sort()
  return Promise.all(files.map(async file => JSON.parse(await readFile(join(folder, file), 'utf8')) as Document))
}
