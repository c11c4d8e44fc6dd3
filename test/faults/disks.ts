import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { type Chance, oneOf } from './chance.ts'
import type { Fault } from './fault.ts'
import type { PrivateHost } from './private-host.ts'

type SetUp = NonNullable<Fault['setUp']>

/** A run behind a mount namespace of its own, in which a small memory is mounted at `folder`. */
function smallDisk(folder: string, bytes: number, then = ''): string[] {
  const script = `mount -t tmpfs -o size=${Math.round(bytes)} tmpfs "$0" && ${then}exec "$@"`
  return ['unshare', '--mount', 'sh', '-c', script, folder]
}

/** The folder of machines' own files has so little room that it is full sooner or later, or not at all. */
export const smallRunDisk =
  (most: number): SetUp =>
  async ({ host, chance }) => {
    const folder = join(host.folder, 'small')
    await mkdir(folder, { recursive: true })
    // Evenly by order of magnitude: most of what is written is small.
    const bytes = 4096 * (most / 4096) ** chance()
    return { options: { behind: smallDisk(folder, bytes), env: { XDG_RUNTIME_DIR: folder } } }
  }

/** The cache's disk has so little room; its images are there. */
export const smallCacheDisk =
  (most: number): SetUp =>
  async ({ host, chance }) => {
    const folder = join(host.folder, 'small')
    await mkdir(folder, { recursive: true })
    const bytes = 16384 * (most / 16384) ** chance()
    const images = `mkdir -p "$0/vethlab/images" && mount --bind ${host.cache}/vethlab/images "$0/vethlab/images" && `
    return { options: { behind: smallDisk(folder, bytes, images), env: { XDG_CACHE_HOME: folder } } }
  }

/** Nobody listens there: an image that is damaged can't be built anew. */
const noMirror = { VETHLAB_MIRROR: 'http://127.0.0.1:9/debian' }

/** A file of the image is shorter than it was, or one of its bits is another. */
export const damagedImage: SetUp = async ({ host, chance }) => {
  const name = oneOf(chance, ['root.sqfs', 'vmlinuz', 'initrd'])
  return { options: { env: noMirror }, undo: await damaged(join(await imageFolder(host), name), chance) }
}

/** A file of what was made of the image is shorter than it was, or one of its bits is another; it can be made anew. */
export const damagedStore =
  (store: Store): SetUp =>
  async ({ host, chance }) => {
    const folder = join(host.cache, 'vethlab', store)
    const [name] = (await readdir(folder).catch(() => [])).filter(entry => !/^\.|\.lock$/.test(entry))
    if (name === undefined) return { options: {} }
    const files = await readdir(join(folder, name))
    await damage(join(folder, name, oneOf(chance, files as [string, ...string[]])), chance)
    return { options: { env: noMirror } }
  }

/** Nothing has been made of the image yet. */
export const emptyStore =
  (store: Store): SetUp =>
  async ({ host }) => {
    await rm(join(host.cache, 'vethlab', store), { recursive: true, force: true })
    return { options: {} }
  }

/** What is made of an image once, and kept: frozen machines; what an engine makes of its container images. */
type Store = 'templates' | 'engines'

/** Files of the image are of tomorrow, or of long ago: as if the clock had been set. */
export const oddTimes: SetUp = async ({ host, chance }) => {
  const folder = await imageFolder(host)
  const paths = (await readdir(folder)).map(name => join(folder, name))
  const before = await Promise.all(paths.map(async path => ({ path, was: await stat(path) })))
  const at = oneOf(chance, [new Date(Date.now() + 86_400_000), new Date('2038-01-20'), new Date(0)])
  for (const { path } of before) await utimes(path, at, at)
  return {
    options: { env: noMirror },
    undo: async () => {
      for (const { path, was } of before) await utimes(path, was.atime, was.mtime)
    },
  }
}

/** What is noted beside the image is not what was written there. */
export const damagedNotes: SetUp = async ({ host, chance }) => {
  const name = oneOf(chance, ['verified.json', 'manifest.json'])
  return { options: { env: noMirror }, undo: await damaged(join(await imageFolder(host), name), chance) }
}

/** Damages a file, and returns what puts the whole one back. */
async function damaged(path: string, chance: Chance): Promise<() => Promise<void>> {
  const whole = `${path}.whole`
  await execa('cp', ['--preserve', '--sparse=always', path, whole])
  await damage(path, chance)
  return () => rename(whole, path)
}

/** Cuts a file off, or turns one bit of it, somewhere. */
async function damage(path: string, chance: Chance): Promise<void> {
  await using file = await open(path, 'r+')
  const { size } = await file.stat()
  const at = Math.floor(chance() * size)
  if (chance() < 0.5) return await file.truncate(at)
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, at)
  byte[0] = (byte[0] ?? 0) ^ (1 << Math.floor(chance() * 8))
  await file.write(byte, 0, 1, at)
}

async function imageFolder(host: PrivateHost): Promise<string> {
  const images = join(host.cache, 'vethlab/images')
  const name = (await readdir(images)).find(entry => /^trixie-[0-9a-f]+$/.test(basename(entry)))
  if (name === undefined) throw new Error(`no image in ${images}`)
  return join(images, name)
}
