import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { identify } from '../../vm/providers/run-dir/identity.ts'
import { top } from './tiers.ts'

/**
 * What the tests of one run have of this host to themselves: a folder in which each worker keeps its machines' files (setup.ts), so
 * that those who list, sweep or remove machines see those of their own worker alone.
 */
export interface TestHost extends AsyncDisposable {
  env: { XDG_RUNTIME_DIR: string }
  /** What is there although all tests are over: machines, private hosts. Removes it, and what was left by those who were killed. */
  left(): Promise<string[]>
}

// Short, as the path of a unix socket below it has at most 107 bytes.
const prefix = 'vl-'

/** Makes it, and removes what a run of tests that was killed has left of its own. */
export async function testHost(runtime = process.env.XDG_RUNTIME_DIR || tmpdir()): Promise<TestHost> {
  for (const name of await readdir(runtime)) {
    const [, pid, start] = new RegExp(`^${prefix}(\\d+)-(\\d+)-`).exec(name) ?? []
    if (pid !== undefined && identify(Number(pid))?.start !== Number(start)) await removed(join(runtime, name))
  }
  const self = identify('self')
  const folder = await mkdtemp(join(runtime, `${prefix}${self?.pid}-${self?.start}-`))
  return {
    env: { XDG_RUNTIME_DIR: folder },
    left: () => leftIn(folder),
    [Symbol.asyncDispose]: () => removed(folder),
  }
}

async function removed(folder: string): Promise<void> {
  await leftIn(folder)
  await rm(folder, { recursive: true, force: true })
}

/** What is left in the folders of workers that are over: what was theirs is removed. */
async function leftIn(folder: string): Promise<string[]> {
  const workers = await readdir(folder)
  const left = await Promise.all(
    workers.map(async worker => {
      const own = join(folder, worker)
      const entries = await readdir(own, { withFileTypes: true })
      // A test's private part of this host (test/faults/private-host.ts), which it has not removed.
      const hosts = entries.filter(entry => entry.isSymbolicLink()).map(({ name }) => join(own, name))
      const machines = [
        ...(await machinesLeft({ XDG_RUNTIME_DIR: own })),
        ...(await Promise.all(hosts.map(removedHost))).flat(),
      ]
      return machines.map(name => `worker ${worker}: ${name}`)
    }),
  )
  return left.flat()
}

async function removedHost(link: string): Promise<string[]> {
  const host = await realpath(link)
  const left = await machinesLeft({ XDG_RUNTIME_DIR: join(host, 'run'), XDG_CACHE_HOME: join(host, 'cache') })
  await rm(host, { recursive: true, force: true })
  await rm(link)
  return [host, ...left]
}

/** The machines that are there; what nobody keeps goes first, then all others. */
async function machinesLeft(env: { XDG_RUNTIME_DIR: string; XDG_CACHE_HOME?: string }): Promise<string[]> {
  const runs = await readdir(join(env.XDG_RUNTIME_DIR, `vethlab-${process.getuid?.()}`)).catch(() => [])
  if (runs.length === 0) return []
  const lab = (...args: string[]) =>
    execa(process.execPath, ['harness/cli/main.ts', ...args], { cwd: top, env, reject: false })
  await lab('gc')
  const { stdout } = await lab('ps', '--json')
  const machines = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => `machine ${name}`)
  if (machines.length > 0) await lab('rm', '--all')
  return machines
}
