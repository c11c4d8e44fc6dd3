import { randomUUID } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { lock } from './lock.ts'
import { isRoot } from './tools.ts'

/** The folders of one build. Disposing it removes them, with whatever is in them. */
export interface Site extends AsyncDisposable {
  /** For the image's files, beside the finished images. */
  readonly files: string
  /** For the tree that they are made of. */
  readonly work: string
  /** Gives the finished files their place, at once, whatever was there before. */
  putInPlace(dir: string): Promise<void>
}

/**
 * Makes the folders for a build of the image `name` under `images`, after removing those that dead builds have left.
 * The caller holds the lock `NAME.lock`, so that no build of this image is alive.
 */
export async function makeSite(images: string, name: string, signal: AbortSignal): Promise<Site> {
  await removeLeftovers(images, { locked: name, signal })
  const site = await mkdtemp(join(images, `${building}${name}-`))
  const files = join(site, 'files')
  await mkdir(files)
  // An unprivileged build works as users who may be unable to enter this one's home. Not in /tmp, as that may be memory.
  const work = isRoot() ? join(site, 'tree') : join('/var/tmp', `vethlab-${randomUUID()}`)
  await symlink(work, join(site, workLink))
  await mkdir(work)
  for (const folder of [site, files, work]) await chmod(folder, 0o755)
  return {
    files,
    work,
    async putInPlace(dir) {
      await rename(dir, join(site, 'former')).catch(unlessAbsent)
      await rename(files, dir)
    },
    async [Symbol.asyncDispose]() {
      await removeSite(site)
    },
  }
}

/** What stands before the name of an image that is being built: it can't be mistaken for one that is. */
const building = '.building-'

/** In a site: points at its work folder, wherever that is. */
const workLink = 'work'

/**
 * Removes what dead builds have left under `images`, and resolves to the folders' paths. A dead build is known by its
 * image's lock, which is free; `locked` is the image whose lock the caller holds.
 */
export async function removeLeftovers(
  images: string,
  { locked, signal }: { locked?: string; signal: AbortSignal },
): Promise<string[]> {
  const removed: string[] = []
  for (const leftover of (await readdir(images).catch(unlessAbsent)) ?? []) {
    const owner = /^\.building-(.+)-[^-]+$/.exec(leftover)?.[1]
    if (owner === undefined) continue
    await using dead = owner === locked ? undefined : await lock(join(images, `${owner}.lock`), { signal })
    if (!dead && owner !== locked) continue
    await removeSite(join(images, leftover))
    removed.push(join(images, leftover))
  }
  return removed
}

async function removeSite(site: string): Promise<void> {
  const work = await readlink(join(site, workLink)).catch(unlessAbsent)
  if (work) await remove(work)
  await remove(site)
}

/** The tree of a build in a user namespace belongs to users that only such a namespace has. */
async function remove(path: string): Promise<void> {
  if (!isRoot()) await execa('mmdebstrap', ['--unshare-helper', 'rm', '-rf', path], { reject: false })
  await rm(path, { recursive: true, force: true, maxRetries: 5 })
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
