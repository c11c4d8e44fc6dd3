import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { identify } from '../../vm/providers/run-dir/identity.ts'
import { top } from './tiers.ts'

/**
 * What the tests of one run have of this host to themselves: a folder in which each worker keeps its machines' files (setup.ts), so
 * that those who list, sweep or remove machines see those of their own worker alone.
 */
export interface TestHost extends AsyncDisposable {
  env: { XDG_RUNTIME_DIR: string }
  /** The machines that are there although all tests are over, or whose files are. Removes what was left by those who were killed. */
  left(): Promise<string[]>
}

const runtime = () => process.env.XDG_RUNTIME_DIR || tmpdir()
// Short, as the path of a unix socket below it has at most 107 bytes.
const prefix = 'vl-'

/** Makes it, and removes what a run of tests that was killed has left of its own. */
export async function testHost(): Promise<TestHost> {
  for (const name of await readdir(runtime())) {
    const [, pid, start] = new RegExp(`^${prefix}(\\d+)-(\\d+)-`).exec(name) ?? []
    if (pid !== undefined && identify(Number(pid))?.start !== Number(start)) await removed(join(runtime(), name))
  }
  const self = identify('self')
  const folder = await mkdtemp(join(runtime(), `${prefix}${self?.pid}-${self?.start}-`))
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

async function leftIn(folder: string): Promise<string[]> {
  const workers = await readdir(folder)
  const left = await Promise.all(
    workers.map(async worker => {
      const env = { XDG_RUNTIME_DIR: join(folder, worker) }
      await execa(process.execPath, ['harness/cli/main.ts', 'gc'], { cwd: top, env, reject: false })
      const runs = (await readdir(env.XDG_RUNTIME_DIR)).filter(name => name.startsWith('vethlab-'))
      const machines = await Promise.all(runs.map(name => readdir(join(env.XDG_RUNTIME_DIR, name))))
      return machines.flat().map(name => `a machine of worker ${basename(worker)}: ${name}`)
    }),
  )
  return left.flat()
}
