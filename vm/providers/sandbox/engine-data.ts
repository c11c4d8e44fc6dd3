import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { MachineError } from '../../errors.ts'
import { defaultCache } from '../../image/cache.ts'
import type { Image } from '../../image/image.ts'
import { lock } from '../../image/lock.ts'
import { findDamage, readSealed, type Sealed, seal } from '../../image/sealed.ts'
import { makeSite } from '../../image/site.ts'
import type { SandboxMachine } from './start.ts'

export interface EngineDataRequest {
  image: Pick<Image, 'suite' | 'rootfs' | 'manifest'>
  /** The folder in which it is kept, instead of the user's cache. */
  cache?: string
  /** Starts a sandbox whose engine has loaded the images itself. */
  startLoading(): Promise<SandboxMachine>
  /** Told in one line, for people, what takes time. */
  report(line: string): void
  /** Aborts the making; nothing of it stays behind. */
  signal: AbortSignal
}

/**
 * What an engine makes of the container images of one image, once, so that no machine has to load them: the path of a
 * squashfs that is laid under the machine's root. One process makes it, others wait for it.
 */
export async function ensureEngineData(request: EngineDataRequest): Promise<string> {
  const { image, cache = defaultCache(), startLoading, report, signal } = request
  const hash = await engineDataHash(image)
  const folder = join(cache, 'engines')
  const dir = join(folder, engineDataName(image, hash))
  const there = await cached(dir, hash, report)
  if (there) return there

  await mkdir(folder, { recursive: true })
  const what = `the engine's data of ${image.suite}`
  await using _lock = await lock(`${dir}.lock`, {
    signal,
    waiting: () => report(`another process is preparing ${what}; waiting for it`),
  })
  // Whoever held the lock before us may have made it.
  const theirs = await cached(dir, hash, () => {})
  if (theirs) return theirs

  await using site = await makeSite(folder, basename(dir), signal)
  report(`preparing ${what}, once`)
  {
    await using machine = await startLoading()
    await pack(machine, join(site.files, file), signal)
  }
  await seal(site.files, [file], { recipe: hash })
  await site.putInPlace(dir)
  return join(dir, file)
}

/** SHA-256 of all that it is made of. */
export async function engineDataHash({ manifest }: Pick<Image, 'manifest'>): Promise<string> {
  const parts = [manifest.files['root.sqfs'].sha256, await readFile(sorter, 'utf8')]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** The name of its folder, such as `trixie-0123456789ab`. */
export function engineDataName({ manifest }: Pick<Image, 'manifest'>, hash: string): string {
  return `${manifest.suite}-${hash.slice(0, 12)}`
}

const file = 'engine.sqfs'

const sorter = join(import.meta.dirname, '../../guest/engine-data')

async function cached(dir: string, hash: string, report: (line: string) => void): Promise<string | undefined> {
  const manifest = await readSealed<Sealed & { recipe: string }>(dir, [file])
  if (manifest === undefined) return undefined
  const [damage] = manifest === 'unreadable' ? [unreadable] : await findDamage(dir, manifest)
  if (damage === undefined && manifest !== 'unreadable' && manifest.recipe === hash) return join(dir, file)
  if (damage) {
    const { expected, seen } = damage
    report(
      `engine data damaged (checksum): ${join(dir, damage.file)}, expected ${expected}, seen ${seen}; making it anew`,
    )
  }
  return undefined
}

const unreadable = { file: 'manifest.json', expected: 'JSON', seen: 'something else' }

async function pack({ init, exec }: SandboxMachine, out: string, signal: AbortSignal): Promise<void> {
  const { stdout, stderr, exitCode } = await exec(await readFile(sorter, 'utf8'), { signal })
  if (exitCode !== 0) {
    throw new MachineError(`the engine's data can't be sorted: ${stderr.trim()}`, { mend: 'run it again' })
  }
  const tree = `/proc/${init}/root${stdout.trim()}`
  const flags = ['-noappend', '-comp', 'lz4', '-no-progress', '-quiet', '-no-exports']
  await execa('mksquashfs', [tree, out, ...flags], { cancelSignal: signal, stdin: 'ignore' })
}
