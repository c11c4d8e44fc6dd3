import type { Switchboard } from './rules.ts'
import type { Place, Source } from './source.ts'

/** By what is imported, the words under which it is handed on; one that is missing is reached whatever is said. */
export function handedOn(source: Source, { within, by }: Switchboard): Map<string, Set<string>> {
  const usesOf = Map.groupBy(source.uses, ({ name }) => name)
  const wordsAt = ({ holder, ...place }: Place, seen: ReadonlySet<string>): Set<string> | undefined => {
    const word = holder !== undefined && within.includes(holder) ? place[by] : undefined
    // One word may be made of another: `look.bridge` asks `look.network`.
    if (word !== undefined) return added(new Set([word]), wordsOf(`.${word}`, seen))
    if (holder === undefined || source.exported.has(holder) || within.includes(holder)) return undefined
    // A function that only this file can call is reached as those who call it.
    return wordsOf(holder, seen)
  }
  const wordsOf = (name: string, seen: ReadonlySet<string>): Set<string> | undefined => {
    if (seen.has(name)) return new Set()
    const uses = usesOf.get(name) ?? []
    return uses.map(use => wordsAt(use, new Set([...seen, name]))).reduce(added, new Set<string>())
  }
  const handed = new Map<string, Set<string>>()
  for (const [to, imports] of Map.groupBy(source.imports, ({ to }) => to)) {
    const all = imports.flatMap(({ type, names, place }) => {
      if (type) return []
      if (place) return [wordsAt(place, new Set())]
      return names && names.size > 0 ? [...names.values()].map(name => wordsOf(name, new Set())) : [undefined]
    })
    const words = all.reduce(added, new Set<string>())
    if (words) handed.set(to, words)
  }
  return handed
}

function added(one: Set<string> | undefined, other: Set<string> | undefined): Set<string> | undefined {
  return one && other && one.union(other)
}
