import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** A folder of files that are only read: what is kept beside them as manifest.json. */
export interface Sealed {
  /** Size in bytes and SHA-256 by name of file. */
  files: Record<string, { size: number; sha256: string }>
}

export interface Damage {
  file: string
  expected: string
  seen: string
}

/** Writes the manifest, last of a folder's files, and waits until all of them are on the disk. */
export async function seal<Facts extends object>(
  dir: string,
  names: readonly string[],
  facts: Facts,
): Promise<Facts & Sealed> {
  const entries = await Promise.all(
    names.map(async name => {
      const path = join(dir, name)
      const { size } = await stat(path)
      return [name, { size, sha256: await sha256(path) }] as const
    }),
  )
  const manifest = { ...facts, files: Object.fromEntries(entries) }
  await writeFile(join(dir, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  for (const name of [...names, 'manifest.json']) await sync(join(dir, name))
  await writeNote(dir, await lookAtAll(dir, names))
  return manifest
}

/** The manifest of the files `names` in this folder; undefined when there is no such folder. */
export async function readSealed<Facts extends Sealed>(
  dir: string,
  names: readonly string[],
): Promise<Facts | 'unreadable' | undefined> {
  let text: string
  try {
    text = await readFile(join(dir, 'manifest.json'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const manifest = JSON.parse(text) as Partial<Facts> | null
    const whole = names.every(name => manifest?.files?.[name]?.sha256)
    return whole ? (manifest as Facts) : 'unreadable'
  } catch {
    return 'unreadable'
  }
}

/**
 * Compares a folder's files with its manifest. Reading them all takes a second, so what was seen of each file when its
 * checksum was last right is noted, and a file that still looks so is not read again.
 */
export async function findDamage(dir: string, { files }: Sealed): Promise<Damage[]> {
  const before = await readNote(dir)
  const note: Note = {}
  const damages: Damage[] = []
  for (const [name, expected] of Object.entries(files)) {
    const path = join(dir, name)
    const looks = await look(path)
    if (looks === undefined) {
      damages.push({ file: name, expected: `${expected.size} bytes`, seen: 'no file' })
    } else if (looks !== before[name]) {
      const seen = await sha256(path)
      if (seen !== expected.sha256) damages.push({ file: name, expected: expected.sha256, seen })
    }
    if (looks !== undefined) note[name] = looks
  }
  if (damages.length === 0 && JSON.stringify(note) !== JSON.stringify(before)) await writeNote(dir, note)
  return damages
}

/** How each file looked when its checksum was right. */
type Note = Record<string, string>

const noteName = 'verified.json'

async function lookAtAll(dir: string, names: readonly string[]): Promise<Note> {
  const note: Note = {}
  for (const name of names) note[name] = (await look(join(dir, name))) ?? 'no file'
  return note
}

async function look(path: string): Promise<string | undefined> {
  try {
    const { size, mtimeNs, ctimeNs, ino, dev } = await stat(path, { bigint: true })
    return [size, mtimeNs, ctimeNs, ino, dev].join(' ')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function readNote(dir: string): Promise<Note> {
  try {
    return JSON.parse(await readFile(join(dir, noteName), 'utf8')) as Note
  } catch {
    return {}
  }
}

/** A note that can't be written (somebody else's cache) only costs the time of the next reading. */
async function writeNote(dir: string, note: Note): Promise<void> {
  const half = join(dir, `${noteName}.${process.pid}`)
  try {
    await writeFile(half, JSON.stringify(note))
    await rename(half, join(dir, noteName))
  } catch {
    await rm(half, { force: true }).catch(() => {})
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash)
  return hash.digest('hex')
}

async function sync(path: string): Promise<void> {
  await using file = await open(path, 'r')
  await file.sync()
}
