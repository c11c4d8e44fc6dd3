import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HostError } from '../errors.ts'
import { readPlan, removeCgroups } from './sandbox/cgroups.ts'

/**
 * A private folder (mode 0700) of one machine: sockets, seed, log. What is in it says what must go if this process
 * can't see to it itself: `machine` is the process that runs the machine, `cgroups` the cgroups made for it.
 */
export interface RunDir {
  readonly path: string
  /** Remembers the process that is the machine; a kept one is left alone for as long as it lives. */
  ownMachine(pid: number, options: { keep: boolean }): Promise<void>
  /** Removes the folder and the cgroups named in it; those of a kept machine go with the first run after its end. */
  remove(): Promise<void>
}

let count = 0

/**
 * Makes a run folder, below $XDG_RUNTIME_DIR or the temporary folder. Its path is short, as a unix socket's path has
 * at most 107 bytes.
 */
export async function makeRunDir(): Promise<RunDir> {
  // The name says whose it is, so that there's no moment at which it's nobody's.
  const path = join(await base(), `${await identity(process.pid)}-${count++}`)
  await mkdir(path, { mode: 0o700 })
  let kept = false
  return {
    path,
    ownMachine: async (pid, { keep }) => {
      kept = keep
      await writeFile(join(path, keep ? 'kept' : 'machine'), (await identity(pid)) ?? '')
    },
    remove: async () => {
      if (!kept) await removeRunDir(path)
    },
  }
}

/**
 * Removes what runs that were killed have left behind: machines that live on without an owner, cgroups, folders.
 * Another run's live machines, and kept ones, stay.
 */
export async function sweepRunDirs(): Promise<void> {
  const folder = await base()
  await Promise.all(
    (await readdir(folder)).map(async name => {
      const path = join(folder, name)
      // Of a kept machine only the machine counts: the run that kept it may go on to other labs.
      if (await alive((await recorded(path, 'kept')) || name)) return
      const machine = await recorded(path, 'machine')
      if (await alive(machine)) process.kill(Number.parseInt(machine, 10), 'SIGKILL')
      await removeRunDir(path)
    }),
  )
}

/** What stands in the way of a machine's own files, for people; any other error as it is. */
export function explainRunDirError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  const reason = reasons[code ?? '']
  if (!reason || !(error instanceof Error)) return error
  const folder = process.env.XDG_RUNTIME_DIR || tmpdir()
  return new HostError(`the folder for a machine's own files, ${folder}, ${reason}: ${message}`, {
    mend: `make room there (20 MB for each machine), or set ${process.env.XDG_RUNTIME_DIR ? 'XDG_RUNTIME_DIR' : 'TMPDIR'} to a folder that you can write`,
    cause: error,
  })
}

const reasons: Record<string, string> = {
  ENOSPC: 'is full',
  EDQUOT: 'is full for you',
  EACCES: "can't be written",
  EPERM: "can't be written",
  EROFS: "can't be written",
  ENOTDIR: "can't be written",
  ENOENT: "can't be written",
}

/** The folder of all run folders. What is written there is believed (which process to end), so it must be ours alone. */
async function base(): Promise<string> {
  const uid = process.getuid?.() ?? 0
  const path = join(process.env.XDG_RUNTIME_DIR || tmpdir(), `vethlab-${uid}`)
  await mkdir(path, { recursive: true, mode: 0o700 }).catch(error => {
    throw explainRunDirError(error)
  })
  const stat = await lstat(path)
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) {
    throw new HostError(`${path} is not a private folder of user ${uid}`, { mend: `remove it: sudo rm -r ${path}` })
  }
  return path
}

async function removeRunDir(path: string): Promise<void> {
  await removeCgroups(readPlan(await recorded(path, 'cgroups')))
  await rm(path, { recursive: true, force: true })
}

async function recorded(path: string, name: string): Promise<string> {
  return await readFile(join(path, name), 'utf8').catch(() => '')
}

/** A process' number and start time, as numbers are used again; undefined when there is none. */
async function identity(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // The second field is the command's name in parentheses, which may hold spaces.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields && fields[0] !== 'Z' ? `${pid}-${fields[19]}` : undefined
}

/** Is the process still there whose identity `text` begins with? */
async function alive(text: string): Promise<boolean> {
  const [pid, start] = text.split('-')
  return pid !== undefined && start !== undefined && (await identity(Number(pid))) === `${pid}-${start}`
}
