import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { removeHalfMade } from '../cache/stores.ts'
import type { Suite } from '../suite.ts'
import { imageName, recipeHash } from './address.ts'
import { buildImage } from './build.ts'
import { defaultCache } from './cache.ts'
import { requireImageTools } from './check.ts'
import { explainFileError } from './explain.ts'
import { lock } from './lock.ts'
import { imageFiles, type Manifest, readManifest } from './manifest.ts'
import { type Recipe, recipeOf } from './recipe.ts'
import { findDamage } from './sealed.ts'
import { makeSite } from './site.ts'
import { requireSpace } from './space.ts'

/** What machines of one suite start from: files that are only read. Paths are absolute. */
export interface Image {
  suite: Suite
  dir: string
  /** The root file system, a squashfs. */
  rootfs: string
  kernel: string
  initrd: string
  manifest: Manifest
}

export interface ImageOptions {
  /** Told in one line, for people, what takes time. */
  report(line: string): void
  /** Aborts a build; nothing of it stays behind. */
  signal: AbortSignal
  /** The folder in which images are kept, instead of the user's cache. */
  cache?: string
  /** What to build the image from, instead of the suite's own recipe. */
  recipe?: Recipe
}

/**
 * The image of a suite, from the cache if it is there and whole, else built, which takes a minute and about 1.5 GB of
 * disk meanwhile. One process builds, others wait for it. Throws a HostError when this host can't, and the signal's
 * reason when it aborts.
 */
export async function ensureImage(suite: Suite, options: ImageOptions): Promise<Image> {
  const { report, signal, cache = defaultCache(), recipe = recipeOf(suite) } = options
  const images = join(cache, 'images')
  const dir = join(images, imageName(recipe))
  try {
    const there = await cachedImage(dir, recipe, report)
    if (!there) return await build(recipe, { images, dir, report, signal })
    // A build of this image, should there be one, removes what others have left; who needs none does it here.
    await removeHalfMade(cache, signal).catch(() => signal.throwIfAborted())
    return there
  } catch (error) {
    signal.throwIfAborted()
    throw explainFileError(error, images)
  }
}

interface Place {
  images: string
  dir: string
  report(line: string): void
  signal: AbortSignal
}

async function build(recipe: Recipe, { images, dir, report, signal }: Place): Promise<Image> {
  const { suite } = recipe
  await requireImageTools()
  await mkdir(images, { recursive: true })
  const waiting = () => report(`another process is building the ${suite} image; waiting for it`)
  await using _lock = await lock(`${dir}.lock`, { signal, waiting })
  // Whoever held the lock before us may have built it.
  const theirs = await cachedImage(dir, recipe, () => {})
  if (theirs) return theirs

  await using site = await makeSite(images, basename(dir), signal)
  await requireSpace(site)
  const started = performance.now()
  const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`
  report(`building the ${suite} image, once, in ${images}`)
  const manifest = await buildImage(recipe, {
    dir: site.files,
    work: site.work,
    mirror: process.env.VETHLAB_MIRROR || undefined,
    report: phase => report(`${suite} image, ${seconds()}: ${phase}`),
    signal,
  })
  await site.putInPlace(dir)
  const sizes = Object.entries(manifest.files).map(([file, { size }]) => `${file} ${Math.round(size / 1e6)} MB`)
  report(`${suite} image, ${seconds()}: ready (${sizes.join(', ')})`)
  return imageIn(dir, manifest)
}

/** The image in this folder; undefined, with a report, when it is damaged, and undefined when there is none. */
async function cachedImage(dir: string, recipe: Recipe, report: (line: string) => void): Promise<Image | undefined> {
  const manifest = await readManifest(dir)
  if (manifest === undefined) return undefined
  const [damage] = manifest === 'unreadable' ? [unreadable] : await findDamage(dir, manifest)
  if (damage === undefined && manifest !== 'unreadable' && manifest.recipe === recipeHash(recipe)) {
    return imageIn(dir, manifest)
  }
  if (damage) {
    const { file, expected, seen } = damage
    report(`image damaged (checksum): ${join(dir, file)}, expected ${expected}, seen ${seen}; building it anew`)
  }
  return undefined
}

const unreadable = { file: 'manifest.json', expected: 'JSON', seen: 'something else' }

function imageIn(dir: string, manifest: Manifest): Image {
  const path = (role: keyof typeof imageFiles) => join(dir, imageFiles[role])
  return {
    suite: manifest.suite,
    dir,
    rootfs: path('rootfs'),
    kernel: path('kernel'),
    initrd: path('initrd'),
    manifest,
  }
}
