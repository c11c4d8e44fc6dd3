import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { unboundSteps } from '../run/register.ts'
import type { LabFile } from '../run/registry.ts'

/** SHA-256 of a lab's file, in hex. */
export async function hashOf({ path }: LabFile): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}

/**
 * For each step, SHA-256 in hex of all the text that decides what happens up to its end: where two texts of a lab agree in it, they do
 * the same until then. What a lab says of itself, and of what nothing can see, is no part of it.
 */
export async function stepHashes({ name, path, lab }: LabFile): Promise<string[]> {
  const { engine, needs, leaves, machines, segments, body } = lab
  const runs = unboundSteps(name, lab).map(({ run }) => run.toString())
  const between = runs.reduce((text, run) => text.replace(run, () => ''), body.toString())
  const hash = createHash('sha256')
  const machine = { engine, needs, leaves, machines, segments }
  hash.update(JSON.stringify(machine, (_, value) => (value instanceof RegExp ? String(value) : value)))
  hash.update(outsideLab(await readFile(path, 'utf8'))).update(between)
  return runs.map(run => hash.update(run).copy().digest('hex'))
}

/** What stands in a lab's file before `export default lab(`, and behind its closing line. */
function outsideLab(text: string): string {
  return text.replace(/^export default lab\($.*?^\)$/ms, '')
}
