import { fileURLToPath } from 'node:url'
import { type Choice, choose } from './choose.ts'
import { differences } from './git.ts'
import { readTree } from './tree.ts'

export type { Choice } from './choose.ts'
export { choiceInWords } from './words.ts'

const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/**
 * Which test files a change can affect, and why: what differs from what `ref` and HEAD have in common, be it committed or not.
 * @throws HostError for what git does not know
 */
export async function affectedBy(ref = 'HEAD', top = project): Promise<Choice> {
  const { changed, gone, files } = await differences(top, ref)
  const tree = await readTree(top, files, gone)
  return { since: ref, ...choose(tree, changed, new Set(gone)) }
}
