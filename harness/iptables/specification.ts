import { matches, moduleOf } from './matches/index.ts'
import { parameters } from './matches/parameters.ts'
import type { Family, Match, Option, RuleSpecification, Target } from './model.ts'
import { RuleError } from './rule-error.ts'
import { type Extension, optionNamed } from './syntax.ts'
import { targets } from './targets/index.ts'

/** What stands after the chain's name: `-s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j ACCEPT`. */
export type Specification = Pick<RuleSpecification, 'parameters' | 'matches' | 'target'>

/**
 * Reads the words after the chain's name as iptables does: an option belongs to the module loaded last that knows it, and `-p tcp`
 * loads the module tcp when one of its options comes. `abbreviated` is how a person types; then an option that a known module
 * does not have is an error, otherwise it is kept as written. Throws a RuleError.
 */
export function readSpecification(words: string[], family: Family, abbreviated: boolean): Specification {
  const sections: Section[] = [{ kind: 'parameters', name: '', syntax: parameters, options: [] }]
  const rest = [...words]
  let negated = false
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '!') {
      negated = true
      continue
    }
    const section = newSection(name, rest)
    if (section) sections.push(section)
    else readOption(sections, name, rest, { family, abbreviated, negated })
    negated = false
  }
  return settle(sections)
}

/** A module being read: its options come as they are met, and may be met again after those of another. */
interface Section {
  kind: 'parameters' | 'match' | 'jump' | 'goto'
  name: string
  syntax: Extension | undefined
  options: Option[]
}

interface Manner {
  family: Family
  abbreviated: boolean
  negated: boolean
}

const kinds = new Map([
  ['-m', 'match'],
  ['--match', 'match'],
  ['-j', 'jump'],
  ['--jump', 'jump'],
  ['-g', 'goto'],
  ['--goto', 'goto'],
] as const)

function newSection(option: string, rest: string[]): Section | undefined {
  const kind = kinds.get(option)
  if (kind === undefined) return undefined
  const name = rest.shift()
  if (name === undefined) throw new RuleError(`${option} needs a name`)
  return match(kind, name)
}

function match(kind: Section['kind'], name: string): Section {
  const known = kind === 'match' ? matches : targets
  return { kind, name, options: [], syntax: Object.hasOwn(known, name) ? known[name] : undefined }
}

function readOption(sections: Section[], written: string, rest: string[], manner: Manner): void {
  if (!/^--?[a-z]/i.test(written)) throw new RuleError(`not an option: ${written}`)
  const { name, inline } = /^(?<name>--[^=]+)=(?<inline>.*)$/s.exec(written)?.groups ?? { name: written }
  if (name === undefined) return
  if (inline !== undefined) rest.unshift(inline)
  const [section, found] = owner(sections, name, manner.abbreviated)
  if (!found) {
    section.options.push({ name, negated: manner.negated, values: takeUntilOption(rest) })
    return
  }
  const [own, syntax] = found
  const values = rest.splice(0, syntax.words)
  if (values.length < syntax.words) throw new RuleError(`${name} needs ${syntax.words} words`)
  const read = syntax.read(values, manner.family)
  const saysNothing = !manner.negated && syntax.standard.includes(read.join(' '))
  if (saysNothing) return
  for (const option of syntax.becomes ?? [own])
    section.options.push({ name: option, negated: manner.negated, values: read })
}

type Found = ReturnType<typeof optionNamed>

/** The module that an option belongs to, and what's known of it there. */
function owner(sections: Section[], name: string, abbreviated: boolean): [Section, Found] {
  const newest = sections.toReversed()
  const exact = lookUp(newest, name, false) ?? lookUp(newest, name, abbreviated)
  if (exact) return exact
  const implied = impliedModule(sections)
  const viaProtocol = implied && lookUp([implied], name, abbreviated)
  if (viaProtocol) {
    sections.push(viaProtocol[0])
    return viaProtocol
  }
  const generic = newest.find(section => section.syntax === undefined) ?? (abbreviated ? undefined : newest[0])
  if (generic) return [generic, undefined]
  throw new RuleError(unknown(sections, name))
}

function lookUp(sections: Section[], name: string, abbreviated: boolean): [Section, NonNullable<Found>] | undefined {
  for (const section of sections) {
    const found = section.syntax && optionNamed(section.syntax, name, abbreviated)
    if (found) return [section, found]
  }
  return undefined
}

function impliedModule(sections: Section[]): Section | undefined {
  const protocol = protocolOf(sections[0]?.options ?? [])
  return protocol === undefined ? undefined : match('match', moduleOf(protocol))
}

function protocolOf(options: Option[]): string | undefined {
  return options.find(({ name, negated }) => name === '-p' && !negated)?.values[0]
}

function unknown(sections: Section[], name: string): string {
  const known = sections.flatMap(({ syntax }) => Object.keys(syntax ?? {}))
  const hint = /port$/.test(name) ? '; ports need -p tcp or -p udp before them' : ''
  return `unknown option ${name}${hint} (known here: ${known.join(' ')})`
}

function takeUntilOption(rest: string[]): string[] {
  const end = rest.findIndex(word => word === '!' || /^--?[a-z]/i.test(word))
  return rest.splice(0, end === -1 ? rest.length : end)
}

function settle(sections: Section[]): Specification {
  const [own] = sections
  const jumps = sections.filter(({ kind }) => kind === 'jump' || kind === 'goto')
  const [jump] = jumps
  if (jumps.length > 1) throw new RuleError(`a rule has one target: ${jumps.map(({ name }) => name).join(', ')}`)
  const loaded = sections.filter(({ kind }) => kind === 'match').map(({ name, options }) => ({ module: name, options }))
  return {
    parameters: inOrder(own?.options ?? []),
    matches: withoutImplied(loaded, protocolOf(own?.options ?? [])),
    ...(jump && { target: toTarget(jump) }),
  }
}

function inOrder(options: Option[]): Option[] {
  const order = Object.keys(parameters)
  return options.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
}

function toTarget({ name, kind, options }: Section): Target {
  return { name, how: kind === 'goto' ? 'goto' : 'jump', options }
}

/** `-p tcp -m tcp` says no more than `-p tcp`; the module tcp loaded twice says no more than once with the options of both. */
function withoutImplied(loaded: Match[], protocol: string | undefined): Match[] {
  const implied = protocol === undefined ? undefined : moduleOf(protocol)
  const kept: Match[] = []
  for (const match of loaded) {
    const earlier = kept.find(one => one.module === match.module && !overlap(one.options, match.options))
    if (match.module === implied && match.options.length === 0) continue
    if (match.module === implied && earlier) earlier.options.push(...match.options)
    else kept.push(match)
  }
  return kept
}

function overlap(a: Option[], b: Option[]): boolean {
  return a.some(({ name }) => b.some(other => other.name === name))
}
