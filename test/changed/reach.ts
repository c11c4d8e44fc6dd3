import { type Edge, edgesOf, exportsAround, type Tree } from './edges.ts'
import { bootstrap, commandLine, readFor, registry, runner, startsNothingOfOurs } from './rules.ts'
import { hear, isOurs, silence } from './said.ts'

/** What a test may need: each file, with the one by which it gets there; undefined for the test itself. */
export type Reached = ReadonlyMap<string, string | undefined>

/** Tells of each test what it may need. */
export function reachIn(tree: Tree): (test: string) => Reached {
  const edgesFrom = once(file => edgesOf(file, tree))
  return once(test => new Walk(test, tree, edgesFrom).reached)
}

function once<T>(make: (file: string) => T): (file: string) => T {
  const made = new Map<string, T>()
  return file => {
    const one = made.get(file) ?? make(file)
    made.set(file, one)
    return one
  }
}

class Walk {
  readonly reached = new Map<string, string | undefined>()
  readonly #test: string
  readonly #tree: Tree
  readonly #said = silence()
  /** Got to without the command line: of what is imported there, we know what is used. */
  readonly #direct = new Set<string>()
  /** Got to by the command line. */
  readonly #commanded = new Set<string>()
  /** By file, who takes it, of `#direct`. */
  readonly #takers = new Map<string, Set<string>>()

  constructor(test: string, tree: Tree, edgesFrom: (file: string) => readonly Edge[]) {
    this.#test = test
    this.#tree = tree
    this.reached.set(test, undefined)
    this.#direct.add(test)
    let waiting: { from: string; edge: Edge }[] = []
    let fresh = [test]
    while (fresh.length > 0) {
      const next: string[] = []
      for (const file of fresh) {
        const source = tree.sources.get(file)
        if (source) hear(file, source, test, this.#said)
        for (const edge of edgesFrom(file)) {
          if (this.#isLeftOut(file, edge)) continue
          if (isConditional(edge)) waiting.push({ from: file, edge })
          else if (this.#enter(file, edge)) next.push(edge.to)
        }
      }
      // What was reached says more, by which more is reached.
      waiting = waiting.filter(({ from, edge }) => {
        const used = this.#isUsed(from, edge)
        if (used && this.#enter(from, edge)) next.push(edge.to)
        return !used
      })
      fresh = next
    }
  }

  /** Goes to a file; tells whether it is to be read, as it is new, or got to in a new way. */
  #enter(from: string, { to }: Edge): boolean {
    const ways = [this.#direct, this.#commanded]
    const before = ways.filter(way => way.has(to)).length
    if (this.#direct.has(from)) {
      this.#takers.set(to, (this.#takers.get(to) ?? new Set()).add(from))
      if (from !== commandLine) this.#direct.add(to)
    }
    if (this.#commanded.has(from) || from === commandLine) this.#commanded.add(to)
    if (!this.reached.has(to)) this.reached.set(to, from)
    return ways.filter(way => way.has(to)).length > before
  }

  #isLeftOut(file: string, { to, how }: Edge): boolean {
    // Who knows of another test does not run it.
    if (to.endsWith('.test.ts') || to === runner) return true
    return file === this.#test && how === 'reads' && startsNothingOfOurs[file] !== undefined && to !== bootstrap.file
  }

  #isUsed(from: string, edge: Edge): boolean {
    return this.#isSaid(from, edge) && this.#isStarted(edge) && this.#isOpened(from, edge) && this.#isOfLab(from, edge)
  }

  #isSaid(from: string, { to, words }: Edge): boolean {
    if (words === undefined) return true
    const { boards, words: members, strings, keys } = this.#said
    if (boards.has(from) || !members.isDisjointFrom(words) || !strings.isDisjointFrom(words)) return true
    return readFor[to] !== undefined && !keys.isDisjointFrom(words)
  }

  #isStarted({ program }: Edge): boolean {
    const { programs, strings } = this.#said
    return program === undefined || programs.has(program) || (programs.has('*') && strings.has(program))
  }

  /** Whether anybody has a function that opens it. */
  #isOpened(from: string, { inside }: Edge): boolean {
    return inside === undefined || this.#commanded.has(from) || this.#isTaken(from, inside, new Set())
  }

  #isOfLab(from: string, { lab, whole, inside }: Edge): boolean {
    const { labs, allLabs } = this.#said
    if (lab === undefined || labs.has(lab) || allLabs) return true
    // A path is made for one name after the other: of those that are said, or of all labs.
    if (!whole) return this.#isTaken(registry, new Set(['findLabs']), new Set())
    return inside === undefined || this.#isTaken(from, inside, new Set())
  }

  /** Whether what is not the command line uses one of a file's exports. */
  #isTaken(file: string, names: ReadonlySet<string>, seen: Set<string>): boolean {
    return [...(this.#takers.get(file) ?? [])].some(taker => {
      const source = this.#tree.sources.get(taker)
      const imports = source?.imports.filter(({ to, type }) => to === file && !type) ?? []
      // It is started, or imported by a program in a string.
      if (!source || imports.length === 0) return true
      return imports.some(({ names: taken, again }) => {
        if (!taken) return true
        return [...taken].some(([name, here]) => {
          if (!names.has(name)) return false
          if (isOurs(taker)) return true
          const key = `${taker} ${here}`
          if (seen.has(key)) return false
          seen.add(key)
          const users = again ? new Set([here]) : exportsAround(source, here)
          return users === undefined || this.#isTaken(taker, users, seen)
        })
      })
    })
  }
}

function isConditional({ words, program, lab, inside }: Edge): boolean {
  return [words, program, lab, inside].some(condition => condition !== undefined)
}
