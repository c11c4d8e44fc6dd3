import { type CacheEntry, listCache } from '../../vm/cache/entries.ts'
import { pruneCache } from '../../vm/cache/prune.ts'
import { defaultCache } from '../../vm/image/cache.ts'
import { interruptible } from './interrupt.ts'
import { size, table } from './table.ts'

/** Prints what lies in the cache and how much of it no recipe names any more; resolves to 0. */
export async function showCache(): Promise<number> {
  const cache = defaultCache()
  process.stdout.write(inWords(await listCache(cache), cache))
  return 0
}

/** Removes what no recipe names any more and nobody uses, and says what and how much; resolves to 0. */
export async function pruneInWords(): Promise<number> {
  using interrupt = interruptible(() => {}, { keep: true })
  const { removed, left } = await pruneCache(defaultCache(), interrupt.signal)
  const lines = [
    ...removed.map(({ kind, name, bytes }) => `removed ${kinds[kind]} ${name}${bytes > 0 ? `, ${size(bytes)}` : ''}`),
    ...left.map(({ entry, why }) => `left ${kinds[entry.kind]} ${entry.name}: ${why}`),
    removed.length === 0 ? 'Nothing was to be removed.' : `${size(sum(removed))} freed.`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  return 0
}

/** The cache's entries for people. */
export function inWords(entries: CacheEntry[], cache: string): string {
  const rows = entries.map(({ kind, name, bytes, named, usedBy }) => [
    kinds[kind],
    kind === 'compiled' ? '' : name,
    size(bytes),
    usedBy.length > 0 ? `used by ${usedBy.join(', ')}` : named ? '' : 'no recipe names it',
  ])
  const unnamed = entries.filter(({ named, usedBy }) => !named && usedBy.length === 0)
  const hint = unnamed.length > 0 ? `; npm run lab cache prune frees ${size(sum(unnamed))}` : ''
  return `${table([['WHAT', 'NAME', 'SIZE', ''], ...rows], { right: ['SIZE'] })}\n${size(sum(entries))} in ${cache}${hint}\n`
}

const kinds: Record<CacheEntry['kind'], string> = {
  images: 'image',
  templates: 'template',
  engines: 'engine data',
  kvm: 'KVM verdict',
  'half-made': 'half-made',
  compiled: 'compiled code',
}

function sum(entries: CacheEntry[]): number {
  return entries.reduce((total, { bytes }) => total + bytes, 0)
}
