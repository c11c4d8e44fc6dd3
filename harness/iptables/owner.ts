import { moduleOf } from './matches/index.ts'
import type { Option } from './model.ts'
import { RuleError } from './rule-error.ts'
import { newSection, type Section } from './section.ts'
import { type OptionSyntax, optionNamed } from './syntax.ts'

/** The section that an option belongs to, the option's canonical name and what is known of it; without these where nothing is. */
export interface Owner {
  section: Section
  name?: string
  syntax?: OptionSyntax
}

/** Whose option `name` is in a rule that iptables-save wrote: of the section that is open, known there or not. */
export function ownerOfSaved(open: Section, name: string): Owner {
  const syntax = open.syntax && Object.hasOwn(open.syntax, name) ? open.syntax[name] : undefined
  return syntax ? { section: open, name, syntax } : { section: open }
}

/**
 * Whose option `name` is in a rule that a person typed, perhaps abbreviated: of the module loaded last that has it, else of the
 * module that `-p` loads for it (added to `sections`), else of the last one whose options aren't known. Throws a RuleError.
 */
export function ownerOfTyped(sections: Section[], name: string): Owner {
  const newest = sections.toReversed()
  const loaded = lookUp(newest, name, false) ?? lookUp(newest, name, true)
  if (loaded) return loaded
  const protocol = protocolOf(sections[0]?.options ?? [])
  const implied = protocol === undefined ? undefined : lookUp([newSection('match', moduleOf(protocol))], name, true)
  if (implied) {
    sections.push(implied.section)
    return implied
  }
  const unknown = newest.find(({ syntax }) => syntax === undefined)
  if (unknown) return { section: unknown }
  throw new RuleError(noOwner(sections, name))
}

/** The protocol that a rule asks for with `-p`; undefined for none, and for any but one. */
export function protocolOf(parameters: Option[]): string | undefined {
  return parameters.find(({ name, negated }) => name === '-p' && !negated)?.values[0]
}

function lookUp(sections: Section[], written: string, abbreviated: boolean): Owner | undefined {
  for (const section of sections) {
    const found = section.syntax && optionNamed(section.syntax, written, abbreviated)
    if (found) return { section, name: found[0], syntax: found[1] }
  }
  return undefined
}

function noOwner(sections: Section[], name: string): string {
  const known = sections.flatMap(({ syntax }) => Object.keys(syntax ?? {}))
  const hint = name.endsWith('port') ? '; ports need -p tcp or -p udp before them' : ''
  return `unknown option ${name}${hint} (known here: ${known.join(' ')})`
}
