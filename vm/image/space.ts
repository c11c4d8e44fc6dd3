import { stat, statfs } from 'node:fs/promises'
import { HostError } from '../errors.ts'

/** Megabytes that a build takes: for the image's files, and for the tree that they are made of. */
export const spaceNeeded = { files: 350, work: 700 }

/** Throws a HostError when a build would fill the disk: better now than in a minute. */
export async function requireSpace({ files, work }: { files: string; work: string }): Promise<void> {
  if ((await stat(files)).dev === (await stat(work)).dev) {
    await requireFree(files, spaceNeeded.files + spaceNeeded.work)
  } else {
    await requireFree(files, spaceNeeded.files)
    await requireFree(work, spaceNeeded.work)
  }
}

async function requireFree(folder: string, megabytes: number): Promise<void> {
  const free = await freeMegabytes(folder)
  if (free < megabytes) throw diskFull(folder, `${free} MB are free, a build takes ${megabytes}`)
}

/** Megabytes that this user may still write to a folder's disk. */
export async function freeMegabytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return Math.floor((bavail * bsize) / 1e6)
}

/** The HostError for a disk that is full or about to be; `saw` is what was said about it. */
export function diskFull(folder: string, saw: string, cause?: unknown): HostError {
  return new HostError(`the disk is too full to build an image in ${folder}: ${saw}`, {
    mend: `free ${spaceNeeded.files + spaceNeeded.work} MB there, or set XDG_CACHE_HOME to a folder on a larger disk`,
    cause,
  })
}
