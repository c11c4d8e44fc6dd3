import { type Edge, edgesOf, type Tree } from './edges.ts'
import { bootstrap, commandLine, readFor, readsAllLabs, startsNothingOfOurs, switchboards } from './rules.ts'
import type { Source } from './source.ts'

/** What a test may need: each file, with the one by which it gets there; undefined for the test itself. */
export type Reached = ReadonlyMap<string, string | undefined>

/** What a test and what it takes of test/ and labs/ say: they alone use the harness's words. */
interface Said {
  words: Set<string>
  /** The properties that they give. */
  keys: Set<string>
  /** Switchboards that they take in whole, so with every word. */
  boards: Set<string>
  /** The labs that they name. */
  labs: Set<string>
  /** The programs that they start; `*`: some that they name elsewhere. */
  programs: Set<string>
  /** What is imported of each file, but by the command line; `*`: anything. */
  imported: Map<string, Set<string>>
  /** They tell the command line to read all labs. */
  allLabs: boolean
}

function silence(): Said {
  const none = () => new Set<string>()
  return {
    ...{ words: none(), keys: none(), boards: none(), labs: none(), programs: none() },
    ...{ imported: new Map(), allLabs: false },
  }
}

const registry = 'harness/run/registry.ts'

/** Tells of each test what it may need. */
export function reachIn(tree: Tree): (test: string) => Reached {
  const edges = new Map<string, Edge[]>()
  return test =>
    reachedFrom(test, tree, file => {
      const known = edges.get(file) ?? edgesOf(file, tree)
      edges.set(file, known)
      return known
    })
}

function reachedFrom(test: string, tree: Tree, edges: (file: string) => readonly Edge[]): Reached {
  const said = silence()
  const reached = new Map<string, string | undefined>([[test, undefined]])
  // What is got to without the command line: of what that imports, it uses what it is told to.
  const direct = new Set([test])
  let waiting: { from: string; edge: Edge }[] = []
  let fresh = [test]
  const enter = (from: string, to: string) => {
    const byHand = direct.has(from) && from !== commandLine && !direct.has(to)
    if (byHand) direct.add(to)
    if (!reached.has(to)) reached.set(to, from)
    else if (!byHand) return
    fresh.push(to)
  }
  while (fresh.length > 0) {
    for (const file of fresh) {
      if (direct.has(file)) hearImports(file, tree, said)
      hear(file, test, tree, said)
      for (const edge of edges(file)) {
        // Who knows of another test does not run it.
        if (edge.to.endsWith('.test.ts')) continue
        if (file === test && edge.how === 'reads' && startsNothingOfOurs[test] && edge.to !== bootstrap.file) continue
        if (isConditional(edge)) waiting.push({ from: file, edge })
        else enter(file, edge.to)
      }
    }
    // What was reached says more, by which more is reached.
    fresh = []
    waiting = waiting.filter(({ from, edge }) => {
      const used = isUsed(from, edge, said)
      if (used) enter(from, edge.to)
      return !used
    })
  }
  return reached
}

function isConditional({ words, program, lab }: Edge): boolean {
  return words !== undefined || program !== undefined || lab !== undefined
}

function isUsed(from: string, edge: Edge, said: Said): boolean {
  return isSaid(from, edge, said) && isStarted(edge, said) && isReadByLab(from, edge, said)
}

function isSaid(from: string, { to, words }: Edge, said: Said): boolean {
  if (words === undefined || said.boards.has(from) || !said.words.isDisjointFrom(words)) return true
  return readFor[to] !== undefined && !said.keys.isDisjointFrom(words)
}

function isStarted({ program }: Edge, { programs, words }: Said): boolean {
  return program === undefined || programs.has(program) || (programs.has('*') && words.has(program))
}

function isReadByLab(from: string, { lab, inside }: Edge, { labs, allLabs, imported }: Said): boolean {
  if (lab === undefined || labs.has(lab) || allLabs) return true
  const imports = (file: string, names: ReadonlySet<string>) => {
    const known = imported.get(file)
    return known !== undefined && (known.has('*') || !known.isDisjointFrom(names))
  }
  // A test makes the path of a lab for the names that it knows: those that it says, or all of them.
  if (from.startsWith('test/')) return imports(registry, new Set(['findLabs']))
  return inside === undefined || imports(from, inside)
}

/** Hears what is imported: where a file reads all labs in one function, it matters whether that one is. */
function hearImports(file: string, tree: Tree, { imported }: Said): void {
  for (const { to, type, names } of tree.sources.get(file)?.imports ?? []) {
    if (type) continue
    const known = imported.get(to) ?? new Set()
    for (const name of names?.keys() ?? ['*']) known.add(name)
    imported.set(to, known)
  }
}

/** Hears what a reached file says, if it is one that uses the words. */
function hear(file: string, test: string, tree: Tree, said: Said): void {
  const source = tree.sources.get(file)
  if (!source) return
  const ours = /^(test|labs|bench)\//.test(file)
  const boards = source.imports.flatMap(({ to, type }) => (type || !switchboards[to] ? [] : [to]))
  if (ours) for (const board of boards) said.boards.add(board)
  // Whoever else takes a board may say its words.
  if (ours || boards.some(board => !switchboards[board]?.passedBy?.includes(file))) hearWords(source, said)
  if ((ours || isScript(file)) && !startsNothingOfOurs[test]) hearPrograms(source, said)
  if (file.startsWith('test/')) hearLabs(source, said)
}

const isScript = (file: string) => !/\.(ts|cjs)$/.test(file)

function hearWords(source: Source, { words, keys }: Said): void {
  for (const word of source.words) words.add(word)
  for (const text of source.strings) words.add(text)
  for (const key of source.keys) keys.add(key)
}

function hearPrograms({ lines }: Source, { programs }: Said): void {
  for (const line of lines) {
    for (const [, program = '*'] of line.matchAll(/\bbootstrap\.cjs ([\w:*]+)/g)) programs.add(program)
  }
}

function hearLabs({ lines, strings }: Source, said: Said): void {
  said.allLabs ||= lines.some(line => readsAllLabs.test(line))
  const named = lines.flatMap(line => [...line.matchAll(/\blab ([\w-]+)/g)].map(([, name = '']) => name))
  const first = [...strings].flatMap(text => /^[\w-]+(?=$| --)/.exec(text) ?? [])
  for (const name of [...named, ...first]) said.labs.add(name)
  // `lab docs` in one string is a command's name too.
  for (const name of named) said.words.add(name)
}
