import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HostError } from '../../errors.ts'

/** The folder of all run folders. What is written there is believed (which process to end), so it must be ours alone. */
export async function runsFolder(): Promise<string> {
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
