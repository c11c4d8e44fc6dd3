import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { listRuns } from '../providers/run-dir/runs.ts'
import { namedByRecipes } from './named.ts'
import { type Store, stores } from './stores.ts'

/** One thing that lies in the cache. */
export interface CacheEntry {
  kind: Store | 'kvm' | 'half-made' | 'compiled'
  name: string
  path: string
  /** What it takes of the disk, in bytes. */
  bytes: number
  /** A run of today would use it. */
  named: boolean
  /** Names of the live machines that are made of it. */
  usedBy: string[]
}

/** Everything in the cache but locks, each with who needs it. */
export async function listCache(cache: string): Promise<CacheEntry[]> {
  const [named, runs] = await Promise.all([namedByRecipes(cache), listRuns()])
  const users = runs.flatMap(({ state, record }) => (record && state !== 'left' ? [record] : []))
  const usedBy = (path: string) =>
    users.filter(({ uses }) => uses.some(use => use === path || use.startsWith(`${path}/`))).map(({ name }) => name)
  const inStores = stores.map(async store => {
    const names = await namesIn(join(cache, store))
    return names
      .filter(name => !name.endsWith('.lock'))
      .map(name => {
        const half = name.startsWith('.')
        return {
          kind: half ? ('half-made' as const) : store,
          name,
          path: join(cache, store, name),
          named: named[store].has(name),
        }
      })
  })
  const verdicts = (await namesIn(join(cache, 'kvm'))).map(name => ({
    ...{ kind: 'kvm' as const, name, path: join(cache, 'kvm', name), named: named.kvm.has(name) },
  }))
  const compiled = { kind: 'compiled' as const, name: 'compiled', path: join(cache, 'compiled'), named: true }
  const all = [...(await Promise.all(inStores)).flat(), ...verdicts, compiled]
  return await Promise.all(all.map(async one => ({ ...one, bytes: await bytesOf(one.path), usedBy: usedBy(one.path) })))
}

/** What a file, or a folder with all that is in it, takes of the disk: a template's memory is mostly holes. */
async function bytesOf(path: string): Promise<number> {
  const stat = await lstat(path).catch(() => undefined)
  if (!stat) return 0
  const below = stat.isDirectory() ? (await namesIn(path)).map(name => bytesOf(join(path, name))) : []
  return (await Promise.all(below)).reduce((sum, bytes) => sum + bytes, stat.blocks * 512)
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort()
}
