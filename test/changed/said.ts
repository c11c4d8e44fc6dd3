import { readsAllLabs, startsNothingOfOurs, switchboards } from './rules.ts'
import type { Source } from './source.ts'

/** What a test says, and what it takes of test/ and labs/: they alone use the harness's words. */
export interface Said {
  words: Set<string>
  /** Their strings, whole. */
  strings: Set<string>
  /** The properties that they give. */
  keys: Set<string>
  /** Switchboards that they take in whole, so with every word. */
  boards: Set<string>
  /** The labs that they name. */
  labs: Set<string>
  /** The programs that they start; `*`: some that they name elsewhere. */
  programs: Set<string>
  /** They tell the command line to read all labs. */
  allLabs: boolean
}

export function silence(): Said {
  const none = () => new Set<string>()
  return {
    ...{ words: none(), strings: none(), keys: none(), boards: none(), labs: none(), programs: none() },
    allLabs: false,
  }
}

/** Whether a file is one of those that use what the project is made of. */
export const isOurs = (file: string): boolean => /^(test|labs|bench)\//.test(file)

/** Hears what a file says that `test` reaches. */
export function hear(file: string, source: Source, test: string, said: Said): void {
  const boards = source.imports.flatMap(({ to, type }) => (type || !switchboards[to] ? [] : [to]))
  if (isOurs(file)) for (const board of boards) said.boards.add(board)
  // Whoever else takes a board may say its words.
  if (isOurs(file) || boards.some(board => !switchboards[board]?.passedBy?.includes(file))) {
    for (const part of ['words', 'strings', 'keys'] as const) add(said[part], source[part])
  }
  const { programs, labs, allLabs } = spokenIn(source)
  if ((isOurs(file) || isScript(file)) && !startsNothingOfOurs[test]) add(said.programs, programs)
  if (!file.startsWith('test/')) return
  said.allLabs ||= allLabs
  add(said.labs, labs)
  // `lab docs` in one string is a command's name too.
  add(said.strings, labs)
}

const isScript = (file: string) => !/\.(ts|cjs)$/.test(file)

function add(one: Set<string>, other: Iterable<string>): void {
  for (const item of other) one.add(item)
}

type Spoken = Pick<Said, 'programs' | 'labs' | 'allLabs'>

const spoken = new WeakMap<Source, Spoken>()

/** What the lines of a source mean. */
function spokenIn(source: Source): Spoken {
  const known = spoken.get(source)
  if (known) return known
  const { lines, strings } = source
  const found = (pattern: RegExp) => lines.flatMap(line => [...line.matchAll(pattern)].map(([, name = '*']) => name))
  const first = [...strings].flatMap(text => /^[\w-]+(?=$| --)/.exec(text) ?? [])
  const made = {
    programs: new Set(found(/\bbootstrap\.cjs ([\w:*]+)/g)),
    labs: new Set([...found(/(?<!npm run )\blab ([\w-]+)/g), ...first]),
    allLabs: lines.some(line => readsAllLabs.test(line)),
  }
  spoken.set(source, made)
  return made
}
