import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { HostError } from '../../vm/errors.ts'
import { findLabs, type LabFile, loadLab } from '../run/registry.ts'
import { labsNamed } from './select.ts'

/**
 * The labs that these words mean, in their order, each once: the project's by their names, and files of the user's own, which
 * have a slash in them or end in `.ts`. @throws HostError for an unknown one, or one that can't be loaded
 */
export async function labsMeant(words: string[] | 'all'): Promise<LabFile[]> {
  if (words === 'all') return await findLabs()
  const own = await Promise.all([...new Set(words)].filter(isFile).map(loadOwn))
  // Who runs a file of his own isn't bothered by what is wrong with another.
  const projects = words.every(isFile) ? [] : await findLabs()
  return labsNamed(words, [...own, ...projects], ['doctor', 'coverage', 'ps', 'shell', 'rm', 'gc', 'cache'])
}

function isFile(word: string): boolean {
  return /\/|\.ts$/.test(word)
}

async function loadOwn(word: string): Promise<LabFile> {
  const path = resolve(word)
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new HostError(`there is no lab's file ${word}`, { mend: `looked for ${path}; npm run lab lists the labs` })
  }
  // It is called what was typed: so it can be run again by its name, and is never mistaken for another.
  return await loadLab(path, word)
}
