import type { Shard } from '../events.ts'

/**
 * What of these items falls to a shard, in their order. Whoever splits the same items the same way gets the same: the longest first,
 * each to the shard that has least so far. `takes` is in any one unit; `key` is unique, and decides between items that take as long.
 */
export function shareOf<T>(
  items: readonly T[],
  { index, of }: Shard,
  { takes, key }: { takes(item: T): number; key(item: T): string },
): T[] {
  const longestFirst = items.toSorted((one, other) => takes(other) - takes(one) || (key(one) < key(other) ? -1 : 1))
  const shards = Array.from({ length: of }, () => ({ takes: 0, items: new Set<T>() }))
  for (const item of longestFirst) {
    const least = shards.reduce((best, shard) => (shard.takes < best.takes ? shard : best))
    least.takes += takes(item)
    least.items.add(item)
  }
  return items.filter(item => shards[index - 1]?.items.has(item))
}
