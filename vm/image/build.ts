import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { recipeHash } from './address.ts'
import { explainFailure } from './explain.ts'
import { buildInitrd } from './initrd.ts'
import { imageFiles, type Manifest, writeManifest } from './manifest.ts'
import { hooks, mmdebstrapArgs } from './mmdebstrap.ts'
import { phaseOf } from './progress.ts'
import type { Recipe } from './recipe.ts'
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
  const squash = start([...dieWithUs, 'mksquashfs', '-', join(dir, imageFiles.rootfs), ...squashFlags], {
    stdin: 'pipe',
  })
  const strap = start([...dieWithUs, ...own[mode], 'mmdebstrap', ...mmdebstrapArgs(recipe, { mode, kernel, mirror })], {
    stdout: squash.child.stdin ?? 'ignore',
    env: { ...process.env, TMPDIR: work, LC_ALL: 'C.UTF-8' },
    onLine: line => {
      const phase = phaseOf(line, recipe)
      if (phase) report(phase)
    },
  })
  squash.child.stdin?.destroy() // mmdebstrap holds the pipe now; its end is the tar's end

  const stop = () => {
    strap.stop(mode === 'root' ? 'SIGKILL' : 'SIGTERM')
    squash.stop('SIGKILL')
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

/** A build whose parent is killed ends at once. */
const dieWithUs = ['setpriv', '--pdeathsig', 'KILL', '--']

const own = {
  // With namespaces of its own: what the build has mounted and started goes with it, even if it is killed.
  root: ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
  // mmdebstrap makes them itself; it can't be root of the user namespace that it needs if it is in one already.
  unshare: [],
}

const squashFlags = [
  ...['-tar', '-noappend'],
  ...['-comp', 'lz4'], // the quickest to write; a machine boots no slower than from any other
  ...['-root-mode', '755', '-root-uid', '0', '-root-gid', '0'], // of /, which mmdebstrap's tar doesn't list
  ...['-no-progress', '-quiet'],
]

interface Started {
  child: ChildProcess
  /** How it ended: `exit code 25`, `SIGKILL`. */
  ended: Promise<string>
  /** The end of what it wrote to stderr. */
  said(): string
  stop(signal: NodeJS.Signals): void
}

const success = 'exit code 0'

const patience = 5_000

function start(
  [file = '', ...args]: string[],
  { stdin = 'ignore', stdout = 'ignore', env = process.env, onLine }: StartOptions,
): Started {
  // Detached: a process group of its own, so that all of it can be stopped, and Ctrl-C at the terminal reaches us alone.
  const child = spawn(file, args, { stdio: [stdin, stdout, 'pipe'], detached: true, env })
  const ended = once(child, 'close').then(([code, signal]) => signal ?? `exit code ${code}`)
  ended.catch(() => {})
  const lines: string[] = []
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', line => {
      if (lines.push(line) > 2000) lines.shift()
      onLine?.(line)
    })
  }
  const stop = (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    kill(child, signal)
    const timer = setTimeout(() => kill(child, 'SIGKILL'), patience)
    ended.finally(() => clearTimeout(timer)).catch(() => {})
  }
  return { child, ended, said: () => lines.join('\n'), stop }
}

interface StartOptions {
  stdin?: 'ignore' | 'pipe'
  stdout?: 'ignore' | NonNullable<ChildProcess['stdin']>
  env?: NodeJS.ProcessEnv
  onLine?: (line: string) => void
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // It has ended.
  }
}

async function readText(rootfs: string, path: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await execa('unsquashfs', ['-cat', rootfs, path], { cancelSignal: signal })
  return stdout
}

function parsePackages(text: string): Record<string, string> {
  const pairs = text.split('\n').map(line => line.split(' '))
  return Object.fromEntries(pairs.filter(pair => pair.length === 2))
}
