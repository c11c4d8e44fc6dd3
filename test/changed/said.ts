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
  if (isOurs(file) || boards.some(board => !switchboards[board]?.passedBy?.includes(file))) hearWords(source, said)
  if ((isOurs(file) || isScript(file)) && !startsNothingOfOurs[test]) hearPrograms(source, said)
  if (file.startsWith('test/')) hearLabs(source, said)
}

const isScript = (file: string) => !/\.(ts|cjs)$/.test(file)

function hearWords(source: Source, { words, strings, keys }: Said): void {
  for (const word of source.words) words.add(word)
  for (const text of source.strings) strings.add(text)
  for (const key of source.keys) keys.add(key)
}

function hearPrograms({ lines }: Source, { programs }: Said): void {
  for (const line of lines) {
    for (const [, program = '*'] of line.matchAll(/\bbootstrap\.cjs ([\w:*]+)/g)) programs.add(program)
  }
}

function hearLabs({ lines, strings }: Source, said: Said): void {
  said.allLabs ||= lines.some(line => readsAllLabs.test(line))
  const named = lines.flatMap(line => [...line.matchAll(/(?<!npm run )\blab ([\w-]+)/g)].map(([, name = '']) => name))
  const first = [...strings].flatMap(text => /^[\w-]+(?=$| --)/.exec(text) ?? [])
  for (const name of [...named, ...first]) said.labs.add(name)
  // `lab docs` in one string is a command's name too.
  for (const name of named) said.strings.add(name)
}
