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

/** What decides what a lab does, as text. */
export interface LabText {
  /** What each step runs. */
  steps: string[]
  /** What stands between the steps and outside the lab, and the machines that it asks for. */
  rest: string
}

/** The text that decides what a lab does: what it says of itself, and of what nothing can see, is no part of it. */
export async function labText({ name, path, lab }: LabFile): Promise<LabText> {
  const { engine, needs, leaves, machines, segments, body } = lab
  const steps = unboundSteps(name, lab).map(({ run }) => run.toString())
  const between = steps.reduce((text, run) => text.replace(run, () => ''), body.toString())
  const machine = { engine, needs, leaves, machines, segments }
  const asked = JSON.stringify(machine, (_, value) => (value instanceof RegExp ? String(value) : value))
  return { steps, rest: `${asked}${outsideLab(await readFile(path, 'utf8'))}${between}` }
}

/**
 * For each step, SHA-256 in hex of all the text that decides what happens up to its end: where two texts of a lab agree in it, they do
 * the same until then.
 */
export async function stepHashes(file: LabFile): Promise<string[]> {
  const { steps, rest } = await labText(file)
  const hash = createHash('sha256').update(rest)
  return steps.map(run => hash.update(run).copy().digest('hex'))
}

/** What stands in a lab's file before `export default lab(`, and behind its closing line. */
function outsideLab(text: string): string {
  return text.replace(/^export default lab\($.*?^\)$/ms, '')
}
