import { moduleOf } from './matches/index.ts'
import { parameters } from './matches/parameters.ts'
import type { Family, Match, Option, RuleSpecification } from './model.ts'
import { ownerOfSaved, ownerOfTyped, protocolOf } from './owner.ts'
import { RuleError } from './rule-error.ts'
import { openSection, type Section } from './section.ts'

/** What stands after the chain's name: `-s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j ACCEPT`. */
export type Specification = Pick<RuleSpecification, 'parameters' | 'matches' | 'target'>

/**
 * Reads the words after the chain's name. `typed`: by a person, who abbreviates and errs; otherwise by iptables-save, whose
 * options are all taken, known here or not. Throws a RuleError.
 */
export function readSpecification(words: string[], family: Family, typed: boolean): Specification {
  const sections: Section[] = [{ kind: 'parameters', name: '', syntax: parameters, options: [] }]
  const rest = [...words]
  let negated = false
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '!') negated = true
    else {
      const opened = openSection(word, rest)
      if (opened) sections.push(opened)
      else readOption(sections, word, rest, { family, typed, negated })
      negated = false
    }
  }
  return settle(sections)
}

interface Manner {
  family: Family
  typed: boolean
  negated: boolean
}

function readOption(sections: Section[], word: string, rest: string[], { family, typed, negated }: Manner): void {
  if (!isOption(word)) throw new RuleError(`not an option: ${word}`)
  const [, written = word, inline] = /^(--[^=]+)=(.*)$/s.exec(word) ?? []
  if (inline !== undefined) rest.unshift(inline)
  const open = typed ? undefined : sections.at(-1)
  const { section, name = written, syntax } = open ? ownerOfSaved(open, written) : ownerOfTyped(sections, written)
  if (!syntax) {
    section.options.push({ name, negated, values: takeUntilOption(rest) })
    return
  }
  const taken = rest.splice(0, syntax.words)
  if (taken.length < syntax.words) throw new RuleError(`${written} needs ${syntax.words} words`)
  const values = syntax.read(taken, family)
  if (!negated && syntax.standard.includes(values.join(' '))) return
  for (const one of syntax.becomes ?? [name]) section.options.push({ name: one, negated, values })
}

function takeUntilOption(rest: string[]): string[] {
  const end = rest.findIndex(word => word === '!' || isOption(word))
  return rest.splice(0, end === -1 ? rest.length : end)
}

function isOption(word: string): boolean {
  return /^--?[a-z]/i.test(word)
}

function settle(sections: Section[]): Specification {
  const own = sections[0]?.options ?? []
  const [jump, ...more] = sections.filter(({ kind }) => kind === 'jump' || kind === 'goto')
  if (jump && more.length > 0) throw new RuleError(`a rule has one target, not ${jump.name} and ${more[0]?.name}`)
  const loaded = sections.filter(({ kind }) => kind === 'match')
  return {
    parameters: inOrder(own),
    matches: withoutImplied(
      loaded.map(({ name, options }) => ({ module: name, options })),
      protocolOf(own),
    ),
    ...(jump && { target: { name: jump.name, how: jump.kind === 'goto' ? 'goto' : 'jump', options: jump.options } }),
  }
}

function inOrder(options: Option[]): Option[] {
  const order = Object.keys(parameters)
  return options.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
}

/** `-p tcp -m tcp` says no more than `-p tcp`; the module tcp loaded twice says no more than once with the options of both. */
function withoutImplied(loaded: Match[], protocol: string | undefined): Match[] {
  const implied = protocol === undefined ? undefined : moduleOf(protocol)
  const kept: Match[] = []
  for (const match of loaded) {
    if (match.module === implied && match.options.length === 0) continue
    const earlier = match.module === implied && kept.find(one => one.module === implied && !overlap(one, match))
    if (earlier) earlier.options.push(...match.options)
    else kept.push(match)
  }
  return kept
}

function overlap(a: Match, b: Match): boolean {
  return a.options.some(({ name }) => b.options.some(other => other.name === name))
}
