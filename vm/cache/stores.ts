import { join } from 'node:path'
import { removeLeftovers } from '../image/site.ts'

/**
 * The folders of the cache in which things lie that take long to make: each a folder with a name that says what it was
 * made from, with a lock NAME.lock beside it, and made in a site (image/site.ts).
 */
export const stores = ['images', 'templates', 'engines'] as const

export type Store = (typeof stores)[number]

/** Removes what makers that were killed have left in any store, and resolves to the paths of that. */
export async function removeHalfMade(cache: string, signal: AbortSignal): Promise<string[]> {
  const removed = await Promise.all(stores.map(store => removeLeftovers(join(cache, store), { signal })))
  return removed.flat()
}
