import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import { MachineError } from '../../errors.ts'
import type { SeedFile } from '../../guest/seed.ts'
import type { RunDir } from '../run-dir.ts'
import { type CgroupLeaf, cgroupName, makeCgroups, planHere, thaw, writePlan } from './cgroups.ts'
import { mountTable } from './mounts.ts'

/** The process that holds a sandbox, and the stream to the sshd in it. */
export interface SandboxProcess {
  readonly channel: Duplex
  /** Resolves when it has ended, with how. Everything in it has ended then: it waits for the sandbox's PID 1. */
  readonly ended: Promise<MachineError>
  /** The host's number of the sandbox's PID 1. */
  init(): Promise<number>
  /** Ends the sandbox and waits for that. */
  end(): Promise<void>
  /** Lets this process exit although the sandbox lives on. */
  letGo(): void
}

export interface Launch {
  name: string
  /** Path of a squashfs. */
  rootfs: string
  /** Path of another, laid over it. */
  engineData: string | undefined
  seed: readonly SeedFile[]
  keep: boolean
  runDir: RunDir
}

/** Starts a sandbox: its namespaces, its cgroups, its root file system, its init. */
export async function launch({ name, rootfs, engineData, seed, keep, runDir }: Launch): Promise<SandboxProcess> {
  const run = runDir.path
  const stage = join(run, 'stage')
  const [leaves] = await Promise.all([prepareCgroups(run), writeSeed(join(run, 'seed'), seed), mkdir(stage)])
  await writeFile(join(run, 'mounts'), mountTable({ stage, rootfs, engineData, leaves }))
  const log = await open(join(run, 'log'), 'a')
  const [command = '', ...args] = sandboxCommand({ run, keep })
  const child = spawn(command, args, {
    // The fourth is a socket pair: the machine's end of it is the sandbox's file descriptor 3.
    stdio: ['ignore', log.fd, log.fd, 'pipe'],
    cwd: '/',
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    // Ctrl-C in the terminal is for us; the machine is still needed to clean up.
    detached: true,
  })
  const exited = once(child, 'exit').then(
    ([code, signal]) => (signal ? `killed by ${signal}` : `exit code ${code}`),
    (error: Error) => error.message, // The command is not there.
  )
  const ended = exited.then(async how => {
    const said = await readFile(join(run, 'log'), 'utf8').catch(() => '')
    return new MachineError(`${name} ended by itself: ${howItEnded(how, said)}`, {
      mend: 'start again; if it ends again, look into `dmesg` for what killed it',
    })
  })
  await log.close()
  const init = async () => Number.parseInt(await readFile(join(run, 'machine'), 'utf8'), 10)
  const channel = child.stdio[3] as Duplex
  // Its end is told by `ended`; an error that nobody listens to would end this process.
  channel.on('error', () => {})
  return {
    channel,
    ended,
    init,
    end: async () => {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        // PID 1 takes the whole sandbox with it, and its parent reaps it after that. Before it has told its number, the group of
        // both: it doesn't die with its parent yet.
        const target = (await init().catch(() => 0)) || -child.pid
        try {
          process.kill(target, 'SIGKILL')
        } catch {} // ended meanwhile
        await thaw(leaves)
      }
      await exited
    },
    letGo: () => child.unref(),
  }
}

/** How the process ended, and the last lines of its log. */
export function howItEnded(how: string, log: string): string {
  const lines = log.trim().split('\n')
  // unshare wants to die of the signal that killed its child, and can't set SIGKILL's handler for that.
  const killed = lines.at(-1)?.startsWith('unshare: sigprocmask unblock failed')
  if (killed) lines.pop()
  return [killed ? 'killed by SIGKILL' : how, ...lines.slice(-5)].join('\n').trim()
}

/** The command line that makes the namespaces and starts enter.sh in them. Who dies here takes the sandbox along. */
export function sandboxCommand({ run, keep }: { run: string; keep: boolean }): string[] {
  const namespaces = ['--net', '--mount', '--pid', '--uts', '--ipc', '--fork']
  const script = ['sh', join(import.meta.dirname, 'enter.sh'), run]
  if (keep) return ['unshare', ...namespaces, ...script]
  return ['setpriv', '--pdeathsig', 'KILL', 'unshare', ...namespaces, '--kill-child=KILL', ...script]
}

async function prepareCgroups(run: string): Promise<CgroupLeaf[]> {
  const leaves = await planHere(cgroupName(run))
  // Written before they are made: whatever happens in between, they will be removed.
  await writeFile(join(run, 'cgroups'), writePlan(leaves))
  await makeCgroups(leaves)
  return leaves
}

async function writeSeed(folder: string, files: readonly SeedFile[]): Promise<void> {
  await mkdir(folder, { mode: 0o755 })
  for (const { path, mode, content } of files) {
    await mkdir(join(folder, dirname(path)), { recursive: true, mode: 0o755 })
    await writeFile(join(folder, path), content, { mode })
  }
}
