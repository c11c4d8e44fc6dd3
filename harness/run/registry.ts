import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { LabHeader } from '../events.ts'
import type { Lab } from '../lab.ts'
import { headerOf } from './register.ts'

/** A lab's file, loaded: its name is the file's name, its header is known before anything runs. */
export interface LabFile {
  name: string
  path: string
  lab: Lab
  header: LabHeader
}

const labsFolder = fileURLToPath(new URL('../../labs/', import.meta.url))

/** Loads every lab of a folder (default: the project's `labs/`), sorted by name. Throws if a file's default export is no lab. */
export async function findLabs(folder: string = labsFolder): Promise<LabFile[]> {
  const files = (await readdir(folder)).filter(file => file.endsWith('.ts')).sort()
  return Promise.all(files.map(file => loadLab(join(folder, file))))
}

/** Loads one lab from its file. */
export async function loadLab(path: string): Promise<LabFile> {
  const { default: lab } = (await import(pathToFileURL(path).href)) as { default?: Lab }
  const name = path.replace(/^.*\//, '').replace(/\.ts$/, '')
  if (typeof lab?.body !== 'function')
    throw new Error(`${path} has no lab: its default export must be lab({ … }, body)`)
  return { name, path, lab, header: headerOf(name, lab) }
}
