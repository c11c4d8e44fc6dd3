import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Choice, choose } from './choose.ts'
import { type Differences, differences } from './git.ts'
import { partsThatDiffer } from './parts.ts'
import { keptByLab } from './rules.ts'
import { readTree } from './tree.ts'

export type { Choice } from './choose.ts'
export { choiceInWords } from './words.ts'

const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/**
 * Which test files a change can affect, and why: what differs from what `ref` and HEAD have in common, be it committed or not.
 * @throws HostError for what git does not know
 */
export async function affectedBy(ref = 'HEAD', top = project): Promise<Choice> {
  const differing = await differences(top, ref)
  const { changed, files } = differing
  const gone = new Set(differing.gone)
  const [tree, labsOf] = await Promise.all([readTree(top, files, differing.gone), labsIn(top, differing)])
  return { since: ref, ...choose(tree, { changed, gone, labsOf }) }
}

/** Of what is kept by lab, the labs of which something has changed. */
async function labsIn(top: string, { changed, files, before }: Differences): Promise<Map<string, ReadonlySet<string>>> {
  const those = changed.filter(file => keptByLab.has(file) && files.includes(file))
  const found = await Promise.all(
    those.map(async file => {
      const labs = partsThatDiffer(await before(file), await readFile(join(top, file), 'utf8'))
      return labs ? [[file, labs] as const] : []
    }),
  )
  return new Map(found.flat())
}
