import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { removeLeftovers } from '../image/site.ts'
import { identify } from '../providers/run-dir/identity.ts'

/**
 * The folders of the cache in which things lie that take long to make: each a folder with a name that says what it was
 * made from, with a lock NAME.lock beside it, and made in a site (image/site.ts).
 */
export const stores = ['images', 'templates', 'engines'] as const

export type Store = (typeof stores)[number]

/** Removes what makers that were killed have left in any store, and resolves to the paths of that. */
export async function removeHalfMade(cache: string, signal: AbortSignal): Promise<string[]> {
  const removed = await Promise.all([
    ...stores.map(store => removeLeftovers(join(cache, store), { signal })),
    removeHalfWritten(cache),
  ])
  return removed.flat()
}

/**
 * A note or a verdict is written beside its place, in a file that bears its writer's number, and then renamed. Whoever
 * writes one can do without: should he live where his number means nothing to us, he only writes it again.
 */
async function removeHalfWritten(cache: string): Promise<string[]> {
  const list = (path: string) => readdir(path, { withFileTypes: true }).catch(() => [])
  const made = (await Promise.all(stores.map(store => list(join(cache, store))))).flat()
  const folders = [join(cache, 'kvm'), ...made.map(({ parentPath, name }) => join(parentPath, name))]
  const left = (await Promise.all(folders.map(list))).flat().flatMap(entry => {
    const writer = /\.json\.(\d+)$/.exec(entry.name)?.[1]
    return entry.isFile() && writer && !identify(Number(writer)) ? [join(entry.parentPath, entry.name)] : []
  })
  await Promise.all(left.map(path => rm(path, { force: true })))
  return left
}
