import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { type LabFile, loadLab } from '../../harness/run/registry.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** One way to break a lab on purpose: what is replaced by what in its text, and the step that must turn red. */
export interface Break {
  title: string
  /** Must stand in the lab's text. */
  from: string
  to: string
  /** Title of the step that must fail; undefined: no step, but the lab as a whole. */
  step: string | undefined
  /** What the failure must say. */
  says: RegExp
}

/** A lab of the project, by its name. */
export async function labNamed(name: string): Promise<LabFile> {
  return await loadLab(join(root, 'labs', `${name}.ts`))
}

/** The lab with one thing of its text changed, loaded, as long as it is needed. */
export async function brokenLab(file: LabFile, { from, to }: Break): Promise<{ file: LabFile } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'vethlab-broken-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const text = await readFile(file.path, 'utf8')
    expect(text, 'what is to be broken').to.include(from)
    const harness = pathToFileURL(join(root, 'harness', 'index.ts')).href
    const path = join(folder, `${file.name}.ts`)
    await writeFile(path, text.replace(from, () => to).replace('../harness/index.ts', harness))
    return { file: await loadLab(path), [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}
