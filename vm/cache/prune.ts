import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { lock } from '../image/lock.ts'
import { type CacheEntry, listCache } from './entries.ts'
import { removeHalfMade } from './stores.ts'

/** What became of the entries that no recipe names. */
export interface Pruned {
  removed: CacheEntry[]
  /** Why an entry stays all the same: who uses it, or that somebody is at work on it. */
  left: { entry: CacheEntry; why: string }[]
}

/** Removes from the cache what no present recipe names and nobody uses, and what killed makers have left. */
export async function pruneCache(cache: string, signal: AbortSignal): Promise<Pruned> {
  const pruned: Pruned = { removed: [], left: [] }
  const half = await removeHalfMade(cache, signal)
  for (const entry of (await listCache(cache)).filter(({ named }) => !named)) {
    const why = entry.usedBy.length > 0 ? `used by ${entry.usedBy.join(', ')}` : await removeUnlessLocked(entry, signal)
    if (why === undefined) pruned.removed.push(entry)
    else pruned.left.push({ entry, why })
  }
  pruned.removed.push(...half.map(halfMade))
  return pruned
}

/** Removes an entry, unless somebody holds its lock; then says so. */
async function removeUnlessLocked({ kind, path, name }: CacheEntry, signal: AbortSignal): Promise<string | undefined> {
  if (kind === 'kvm') {
    await rm(path, { force: true })
    return undefined
  }
  if (kind === 'half-made') return 'being made'
  await using held = await lock(`${path}.lock`, { signal })
  if (!held) return 'being made'
  // At once gone for everybody else; if this process is killed in between, it is something half-made.
  const aside = join(dirname(path), `.building-${name}-pruned`)
  await rename(path, aside)
  await rm(aside, { recursive: true, force: true })
  return undefined
}

function halfMade(path: string): CacheEntry {
  return { kind: 'half-made', name: basename(path), path, bytes: 0, named: false, usedBy: [] }
}
