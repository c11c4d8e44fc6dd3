import { matches } from './matches/index.ts'
import type { Option } from './model.ts'
import { RuleError } from './rule-error.ts'
import type { Extension } from './syntax.ts'
import { targets } from './targets/index.ts'

/** A module of a rule that is being read, or the rule's own parameters: its options come as they are met. */
export interface Section {
  kind: Kind
  /** Of the module, target or chain; empty for the parameters. */
  name: string
  /** undefined for a module that isn't known: its options are kept as written. */
  syntax: Extension | undefined
  options: Option[]
}

type Kind = 'parameters' | 'match' | 'jump' | 'goto'

/** The section that an option such as `-m` or `-j` opens, its name taken off `rest`; undefined for any other option. */
export function openSection(option: string, rest: string[]): Section | undefined {
  const kind = kinds.get(option)
  if (kind === undefined) return undefined
  const name = rest.shift()
  if (name === undefined) throw new RuleError(`${option} needs a name`)
  return newSection(kind, name)
}

/** A section without options yet. */
export function newSection(kind: 'match' | 'jump' | 'goto', name: string): Section {
  const known = kind === 'match' ? matches : targets
  return { kind, name, options: [], syntax: Object.hasOwn(known, name) ? known[name] : undefined }
}

const kinds = new Map<string, 'match' | 'jump' | 'goto'>([
  ['-m', 'match'],
  ['--match', 'match'],
  ['-j', 'jump'],
  ['--jump', 'jump'],
  ['-g', 'goto'],
  ['--goto', 'goto'],
])
