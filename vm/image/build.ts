import { join } from 'node:path'
import { execa } from 'execa'
import { recipeHash } from './address.ts'
import { explainFailure } from './explain.ts'
import { startGroup, success } from './group.ts'
import { buildInitrd } from './initrd.ts'
import { imageFiles, type Manifest, writeManifest } from './manifest.ts'
import { hooks, mmdebstrapArgs } from './mmdebstrap.ts'
import { phaseOf } from './progress.ts'
import type { Recipe } from './recipe.ts'
import { squashfsCommand } from './squashfs.ts'
import { isRoot } from './tools.ts'

export interface BuildRequest {
  /** An empty folder, into which the image's files go. */
  dir: string
  /** A folder on a disk, in which the tree lies while it is being made. An unprivileged build's other users must be able to enter it. */
  work: string
  mirror: string | undefined
  /** Told once for each phase. */
  report(phase: string): void
  signal: AbortSignal
}

/** Builds an image's files, manifest last. What a failed build leaves in `dir` and `work` is for the caller to remove. */
export async function buildImage(recipe: Recipe, request: BuildRequest): Promise<Manifest> {
  const { dir, signal, report } = request
  const rootfs = join(dir, imageFiles.rootfs)
  await buildRootfs(recipe, request)

  report('making the initrd')
  const packages = parsePackages(await readText(rootfs, 'usr/share/vethlab/packages', signal))
  const release = await readText(rootfs, 'usr/share/vethlab/release', signal)
  await buildInitrd({ rootfs, release, out: join(dir, imageFiles.initrd), signal })

  return await writeManifest(dir, {
    suite: recipe.suite,
    recipe: recipeHash(recipe),
    builtAt: new Date().toISOString(),
    release,
    packages,
  })
}

/** mmdebstrap's tar goes straight into mksquashfs: it never lies on the disk. */
async function buildRootfs(recipe: Recipe, { dir, work, mirror, report, signal }: BuildRequest): Promise<void> {
  signal.throwIfAborted()
  const kernel = join(dir, imageFiles.kernel)
  const mode = isRoot() ? 'root' : 'unshare'
  const squash = startGroup(squashfsCommand(join(dir, imageFiles.rootfs)), { stdin: 'pipe' })
  const strap = startGroup([...own[mode], 'mmdebstrap', ...mmdebstrapArgs(recipe, { mode, kernel, mirror })], {
    stdout: squash.child.stdin ?? 'ignore',
    env: { ...process.env, TMPDIR: work, LC_ALL: 'C.UTF-8' },
    onLine: line => {
      const phase = phaseOf(line, recipe)
      if (phase) report(phase)
    },
  })
  squash.child.stdin?.destroy() // mmdebstrap holds the pipe now; its end is the tar's end

  const stop = () => {
    strap.stop()
    squash.stop()
  }
  signal.addEventListener('abort', stop)
  // Without a reader, mmdebstrap would go on for half a minute until it has something to write.
  squash.ended.then(exit => exit !== success && stop(), stop)
  try {
    const [strapped, squashed] = await Promise.all([strap.ended, squash.ended])
    signal.throwIfAborted()
    if (strapped !== success || squashed !== success) {
      const exits = { mmdebstrap: strapped, mksquashfs: squashed }
      const said = { mmdebstrap: strap.said(), mksquashfs: squash.said(), exits }
      throw explainFailure({ suite: recipe.suite, mirror, scripts: hooks(recipe), dir, work, ...said })
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
    await Promise.allSettled([strap.ended, squash.ended])
  }
}

const own = {
  // In namespaces of its own: what the build has mounted goes with its last process.
  root: ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
  // mmdebstrap makes them itself; it can't be root of the user namespace that it needs if it is in one already.
  unshare: [],
}

async function readText(rootfs: string, path: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await execa('unsquashfs', ['-cat', rootfs, path], { cancelSignal: signal })
  return stdout
}

function parsePackages(text: string): Record<string, string> {
  const pairs = text.split('\n').map(line => line.split(' '))
  return Object.fromEntries(pairs.filter(pair => pair.length === 2))
}
