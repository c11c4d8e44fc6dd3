import { filesNamed } from './files-named.ts'
import { handedOn } from './handed-on.ts'
import { bootstrap, labOf, opensNoLab, opensNothing, readFor, switchboards } from './rules.ts'
import { isOurs } from './said.ts'
import type { Opening, Source } from './source.ts'

/** The project's files, those that are gone among them, and what their texts say. */
export interface Tree {
  files: ReadonlySet<string>
  sources: ReadonlyMap<string, Source>
}

/** From a file to one that it may need, and when it does. */
export interface Edge {
  to: string
  how: 'imports' | 'reads'
  /** Only for who says one of these words. */
  words?: ReadonlySet<string>
  /** Only for who starts this program. */
  program?: string
  /** A file of this lab, or of none ('') beside some, and not by its name: only for who names the lab, or reads all of them. */
  lab?: string
  /** With `lab`: it takes all of a folder, not the files of some names. */
  whole?: boolean
  /** Only for who has one of these exports of the file it comes from. */
  inside?: ReadonlySet<string>
}

/** What a file may need. */
export function edgesOf(file: string, tree: Tree): Edge[] {
  const source = tree.sources.get(file)
  if (!source) return []
  const words = switchboards[file] ? handedOn(source, switchboards[file]) : undefined
  const imports = source.imports.flatMap(({ to, type }): Edge[] => {
    if (type) return []
    const under = words?.get(to)
    return [{ to, how: 'imports', ...(under && { words: under }) }]
  })
  if (opensNothing.test(file)) return imports
  return [...imports, ...source.opens.flatMap(opening => openingEdges(file, opening, source, tree))]
}

function openingEdges(file: string, opening: Opening, source: Source, tree: Tree): Edge[] {
  const { files, exact, whole } = filesNamed(file, opening, tree.files)
  const ofLabs = !exact && files.some(to => labOf(to) !== undefined)
  if (files.length === 0 || (ofLabs && opensNoLab[file])) return []
  const program = file === bootstrap.file && opening.holder === bootstrap.programs ? opening.property : undefined
  const inside = isOurs(file) || opening.holder === undefined ? undefined : exportsAround(source, opening.holder)
  const condition = { ...(program !== undefined && { program }), ...(inside && { inside }) }
  return files.map((to): Edge => {
    const said = readFor[to]?.says
    const edge: Edge = { to, how: 'reads', ...condition, ...(said && { words: new Set(said) }) }
    // A test that asks for a folder means all of it.
    return !ofLabs || (whole && isOurs(file)) ? edge : { ...edge, lab: labOf(to) ?? '', whole }
  })
}

const around = new WeakMap<Source, Map<string, ReadonlySet<string> | undefined>>()

/** The exports by which others get to a name of this file; undefined: it is used when the file is run. */
export function exportsAround(source: Source, name: string): ReadonlySet<string> | undefined {
  const known = around.get(source) ?? new Map()
  around.set(source, known)
  if (!known.has(name)) known.set(name, findExportsAround(source, name))
  return known.get(name)
}

function findExportsAround(source: Source, start: string): ReadonlySet<string> | undefined {
  const found = new Set<string>()
  const waiting = new Set<string | undefined>([start])
  for (const name of waiting) {
    if (name === undefined) return undefined
    if (source.exported.has(name)) found.add(name)
    for (const use of source.uses) if (use.name === name) waiting.add(use.holder)
  }
  return found
}
