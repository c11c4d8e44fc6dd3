import { randomUUID } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { defaultCache } from '../../image/cache.ts'
import type { Image } from '../../image/image.ts'
import { lock } from '../../image/lock.ts'
import { findDamage, readSealed, type Sealed, seal } from '../../image/sealed.ts'
import { makeSite } from '../../image/site.ts'
import { makeTemplate, templateFiles } from './template/make.ts'
import {
  type Shape,
  shapeName,
  type TemplateRecipe,
  templateHash,
  templateName,
  templateRecipe,
} from './template/recipe.ts'
import { explainTemplateError } from './template/space.ts'

/** A machine that was frozen when it was ready: files that are only read. Paths are absolute. */
export interface Template {
  dir: string
  /** Which making of it this is: another one fits none of its files. */
  id: string
  memory: string
  state: string
  said: string
  kernel: string
}

export interface TemplateRequest extends Shape {
  program: string
  image: Pick<Image, 'kernel' | 'initrd' | 'rootfs' | 'manifest'>
  /** A template that has proved to be no good: another one is made. */
  besides?: Template
  /** The folder in which templates are kept, instead of the user's cache. */
  cache?: string
  /** What makes one, instead of booting and freezing a machine. */
  make?: typeof makeTemplate
  /** Told in one line, for people, what takes time. */
  report(line: string): void
  /** Aborts the making; nothing of it stays behind. */
  signal: AbortSignal
}

/**
 * The template of a shape, from the cache if it is there and whole, else made, which takes as long as a boot. One process
 * makes it, others wait for it. Throws a HostError when this host can't, a MachineError when the machine doesn't come up,
 * and the signal's reason when it aborts.
 */
export async function ensureTemplate(request: TemplateRequest): Promise<Template> {
  const { suite, engine, accelerator, backend, cache = defaultCache(), signal } = request
  const recipe = await templateRecipe({ suite, engine, accelerator, backend }, request)
  const templates = join(cache, 'templates')
  const dir = join(templates, templateName(recipe))
  try {
    const usable = await cachedTemplate(dir, recipe, request)
    return usable ?? (await makeAlone(recipe, { ...request, templates, dir }))
  } catch (error) {
    signal.throwIfAborted()
    throw explainTemplateError(error, templates)
  }
}

async function makeAlone(
  recipe: TemplateRecipe,
  request: TemplateRequest & { templates: string; dir: string },
): Promise<Template> {
  const { suite, engine, accelerator, make = makeTemplate, templates, dir, report, signal } = request
  await mkdir(templates, { recursive: true })
  const what = `the template of ${suite}${engine ? ' with an engine' : ''}`
  const waiting = () => report(`another process is making ${what}; waiting for it`)
  await using _lock = await lock(`${dir}.lock`, { signal, waiting })
  // Whoever held the lock before us may have made it.
  const theirs = await cachedTemplate(dir, recipe, { ...request, report: () => {} })
  if (theirs) return theirs

  await using site = await makeSite(templates, basename(dir), signal)
  const started = performance.now()
  const why = (await isOutdated(templates, recipe)) ? `${what} is outdated; making another` : `making ${what}, once`
  report(`${why}${accelerator === 'tcg' ? ' (emulated: up to a minute)' : ''}`)
  await make(recipe, { ...request, files: site.files })
  const facts: Omit<TemplateManifest, 'files'> = { id: randomUUID(), recipe: templateHash(recipe) }
  await seal(site.files, Object.values(templateFiles), facts)
  await site.putInPlace(dir)
  report(`${what}: ready (${Math.round((performance.now() - started) / 1000)} s)`)
  return templateIn(dir, facts.id)
}

/** Is it still this one that lies in its folder? One that is replaced meanwhile gives a clone files of two machines. */
export async function isCurrent({ dir, id }: Template): Promise<boolean> {
  const manifest = await readTemplate(dir)
  return typeof manifest === 'object' && manifest.id === id
}

interface TemplateManifest extends Sealed {
  id: string
  /** SHA-256 of the recipe. */
  recipe: string
}

/** The usable template in this folder; undefined, with a report, when it is damaged, and undefined when there is none. */
async function cachedTemplate(
  dir: string,
  recipe: TemplateRecipe,
  { besides, report }: Pick<TemplateRequest, 'besides' | 'report'>,
): Promise<Template | undefined> {
  const manifest = await readTemplate(dir)
  if (manifest === undefined) return undefined
  const [damage] = manifest === 'unreadable' ? [unreadable] : await findDamage(dir, manifest)
  if (damage) {
    const { file, expected, seen } = damage
    report(`template damaged (checksum): ${join(dir, file)}, expected ${expected}, seen ${seen}; making it anew`)
  }
  if (damage || manifest === 'unreadable' || manifest.recipe !== templateHash(recipe)) return undefined
  return manifest.id === besides?.id ? undefined : templateIn(dir, manifest.id)
}

const unreadable = { file: 'manifest.json', expected: 'JSON', seen: 'something else' }

async function readTemplate(dir: string): Promise<TemplateManifest | 'unreadable' | undefined> {
  return await readSealed<TemplateManifest>(dir, Object.values(templateFiles))
}

/** Is there one of this shape that was made of something else: of another image, by another QEMU? */
async function isOutdated(templates: string, recipe: TemplateRecipe): Promise<boolean> {
  const ofThisShape = new RegExp(`^${shapeName(recipe.shape)}-[0-9a-f]+$`)
  return (await readdir(templates)).some(name => ofThisShape.test(name) && name !== templateName(recipe))
}

function templateIn(dir: string, id: string): Template {
  const path = (role: keyof typeof templateFiles) => join(dir, templateFiles[role])
  return { dir, id, memory: path('memory'), state: path('state'), said: path('said'), kernel: path('kernel') }
}
