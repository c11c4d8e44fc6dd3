import { readdir } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { HostError } from '../../vm/errors.ts'
import type { LabHeader } from '../events.ts'
import type { Lab } from '../lab.ts'
import { headerOf } from './register.ts'

/** A lab's file, loaded: its name is what one types to run it, its header is known before anything runs. */
export interface LabFile {
  name: string
  path: string
  lab: Lab
  header: LabHeader
}

const labsFolder = fileURLToPath(new URL('../../labs/', import.meta.url))

/** Loads every lab of a folder (default: the project's `labs/`), sorted by name. @throws HostError as `loadLab` */
export async function findLabs(folder: string = labsFolder): Promise<LabFile[]> {
  const names = (await readdir(folder)).filter(file => file.endsWith('.ts')).map(file => basename(file, '.ts'))
  return Promise.all(names.toSorted().map(name => loadLab(join(folder, `${name}.ts`))))
}

/**
 * Loads one lab from its file, under the file's name or the one given.
 * @throws HostError when it can't be loaded, has no lab as its default export, or its body does other than register steps
 */
export async function loadLab(path: string, name = basename(path, '.ts')): Promise<LabFile> {
  try {
    const { default: lab } = (await import(pathToFileURL(path).href)) as { default?: Lab }
    if (typeof lab?.body !== 'function') throw new Error('its default export must be lab({ … }, body)')
    const header = headerOf(name, lab)
    if (header.steps.length === 0) throw new Error('it has no step')
    return { name, path, lab, header }
  } catch (cause) {
    const { message, stack = '' } = cause instanceof Error ? cause : new Error(String(cause))
    const inside = relative(process.cwd(), path)
    const file = inside.startsWith('..') ? path : inside
    // A stack names a module by its URL, in which a path may look different.
    const line = stack.split(pathToFileURL(path).href)[1]?.match(/^:\d+/)?.[0] ?? ''
    throw new HostError(`the lab ${file} can't be loaded: ${message}`, { mend: `mend ${file}${line}`, cause })
  }
}
