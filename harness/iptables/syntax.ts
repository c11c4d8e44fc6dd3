import type { Family } from './model.ts'

/** What is known of one option of a module. */
export interface OptionSyntax {
  /** How many words follow it. */
  words: number
  /** Other names of the same option. */
  aliases: string[]
  /** The canonical names, where they are not this one: `--syn` is a `--tcp-flags`. */
  becomes?: string[]
  /** The values in canonical form. Throws a RuleError when they can't be what the option takes. */
  read(values: string[], family: Family): string[]
  /** The values (joined by a space) that mean the same as leaving the option out. */
  standard: string[]
}

/** The options of a module, by the name under which iptables-save prints them. */
export type Extension = Readonly<Record<string, OptionSyntax>>

type Reading = (value: string, family: Family) => string

interface More {
  aliases?: string[]
  becomes?: string[]
  standard?: string[]
}

const asWritten = (values: string[]) => values

/** An option that takes no value. */
export function flag(more: More = {}): OptionSyntax {
  return { words: 0, aliases: [], standard: [], read: asWritten, ...more }
}

/** An option that takes one word. */
export function word(read: Reading = value => value, more: More = {}): OptionSyntax {
  return { words: 1, aliases: [], standard: [], read: ([value = ''], family) => [read(value, family)], ...more }
}

/** An option that takes two words. */
export function pair(first: Reading = value => value, second: Reading = first, more: More = {}): OptionSyntax {
  const read = ([a = '', b = '']: string[], family: Family) => [first(a, family), second(b, family)]
  return { words: 2, aliases: [], standard: [], read, ...more }
}

/** An option that is short for other ones. */
export function shorthand(words: number, becomes: string[], read: OptionSyntax['read'] = asWritten): OptionSyntax {
  return { words, aliases: [], standard: [], becomes, read }
}

/** The option that `name` is for an extension: its own name, an alias, or (as getopt has it) an abbreviation that is not ambiguous. */
export function optionNamed(
  extension: Extension,
  name: string,
  abbreviated: boolean,
): [string, OptionSyntax] | undefined {
  const entries = Object.entries(extension)
  const exact = entries.find(([own, { aliases }]) => own === name || aliases.includes(name))
  if (exact || !abbreviated || !/^--./.test(name)) return exact
  const begun = entries.filter(([own, { aliases }]) => [own, ...aliases].some(one => one.startsWith(name)))
  return begun.length === 1 ? begun[0] : undefined
}
