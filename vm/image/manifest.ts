import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Suite } from '../suite.ts'

/** An image's files, by what they are for. */
export const imageFiles = { rootfs: 'root.sqfs', kernel: 'vmlinuz', initrd: 'initrd' } as const

type FileName = (typeof imageFiles)[keyof typeof imageFiles]

/** What an image is, kept beside its files as manifest.json. */
export interface Manifest {
  suite: Suite
  /** SHA-256 of the recipe. */
  recipe: string
  /** ISO 8601. */
  builtAt: string
  /** The kernel's release, as `uname -r` prints it. */
  release: string
  /** Version by name of package: of all that are installed, and of the kernel's. */
  packages: Record<string, string>
  /** Size in bytes and SHA-256 by name of file. */
  files: Record<FileName, { size: number; sha256: string }>
}

export interface Damage {
  file: string
  expected: string
  seen: string
}

/** Writes the manifest, last of an image's files, and waits until all of them are on the disk. */
export async function writeManifest(dir: string, facts: Omit<Manifest, 'files'>): Promise<Manifest> {
  const entries = await Promise.all(
    Object.values(imageFiles).map(async name => {
      const path = join(dir, name)
      const { size } = await stat(path)
      return [name, { size, sha256: await sha256(path) }] as const
    }),
  )
  const manifest: Manifest = { ...facts, files: Object.fromEntries(entries) as Manifest['files'] }
  await writeFile(join(dir, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  for (const name of [...Object.values(imageFiles), 'manifest.json']) await sync(join(dir, name))
  await writeNote(dir, await lookAtAll(dir))
  return manifest
}

/** The manifest of the image in this folder; undefined when there is no such folder. */
export async function readManifest(dir: string): Promise<Manifest | 'unreadable' | undefined> {
  let text: string
  try {
    text = await readFile(join(dir, 'manifest.json'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const manifest = JSON.parse(text) as Partial<Manifest> | null
    const whole = Object.values(imageFiles).every(name => manifest?.files?.[name]?.sha256)
    return whole ? (manifest as Manifest) : 'unreadable'
  } catch {
    return 'unreadable'
  }
}

/**
 * Compares an image's files with its manifest. Reading them all takes a second, so what was seen of each file when its
 * checksum was last right is noted, and a file that still looks so is not read again.
 */
export async function findDamage(dir: string, manifest: Manifest): Promise<Damage[]> {
  const before = await readNote(dir)
  const note: Note = {}
  const damages: Damage[] = []
  for (const name of Object.values(imageFiles)) {
    const path = join(dir, name)
    const expected = manifest.files[name]
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

async function lookAtAll(dir: string): Promise<Note> {
  const note: Note = {}
  for (const name of Object.values(imageFiles)) note[name] = (await look(join(dir, name))) ?? 'no file'
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
  } catch {}
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
