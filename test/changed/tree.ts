import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tree } from './edges.ts'
import { readScript } from './script.ts'
import { readSource, type Source } from './source.ts'

/** Reads what the files of a project say. `gone`: those that were there. */
export async function readTree(top: string, files: readonly string[], gone: readonly string[]): Promise<Tree> {
  const read = async (file: string): Promise<[string, Source][]> => {
    const reader = readerOf(file)
    return reader ? [[file, reader(file, await readFile(join(top, file), 'utf8'))]] : []
  }
  const sources = new Map((await Promise.all(files.map(read))).flat())
  return { files: new Set([...files, ...gone]), sources }
}

/** What can name other files; the others are data, which name none that matters. */
function readerOf(file: string): ((file: string, text: string) => Source) | undefined {
  if (/^test\/fixtures\/(?!.*\.ts$)/.test(file)) return undefined
  if (/\.(ts|cjs)$/.test(file)) return readSource
  if (/\.(sh|yml)$|(^|\/)[\w-]+$|^\.mocharc\.json$/.test(file)) return (_, text) => readScript(text)
  return undefined
}
