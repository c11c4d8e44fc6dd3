import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { LabFile } from '../run/registry.ts'

/** SHA-256 of a lab's file, in hex. */
export async function hashOf({ path }: LabFile): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}
