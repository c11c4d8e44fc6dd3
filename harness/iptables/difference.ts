import { sameRule } from './compare.ts'
import type { Option, RuleSpecification } from './model.ts'
import { printOption } from './print.ts'

/** In what a rule that was seen differs from the rule that was asked for, each in words: `-o: 'eth1' instead of 'eth0'`. [] when they mean the same. */
export function differences(seen: RuleSpecification, asked: RuleSpecification): string[] {
  if (sameRule(seen, asked)) return []
  const [saw, want] = [facets(seen), facets(asked)]
  const names = new Set([...want.keys(), ...saw.keys()])
  const found = [...names].filter(name => saw.get(name) !== want.get(name))
  if (found.length === 0) return ['which options stand in the same module']
  return found.map(name => describe(name, saw.get(name), want.get(name)))
}

function describe(name: string, seen: string | undefined, asked: string | undefined): string {
  if (seen === undefined) return `${name}: missing, instead of ${asked}`
  return asked === undefined ? `${name}: ${seen}, not asked for` : `${name}: ${seen} instead of ${asked}`
}

/** A rule as a flat list of what may differ. Several of one name (two comments) are one facet. */
function facets({ family, table, chain, parameters, matches, target }: RuleSpecification): Map<string, string> {
  const all = new Map<string, string>([
    ['family', family],
    ['table', table],
    ['chain', chain],
  ])
  const add = (name: string, value: string) =>
    all.set(name, [...(all.get(name)?.split(' and ') ?? []), value].sort().join(' and '))
  const addAll = (prefix: string, options: Option[]) => {
    for (const option of options) add(prefix + option.name, printValue(option))
  }
  addAll('', parameters)
  for (const { module, options } of matches) {
    if (options.length === 0) add(`-m ${module}`, 'loaded')
    addAll(`-m ${module} `, options)
  }
  if (target) {
    add('target', `${target.how === 'goto' ? '-g' : '-j'} ${target.name}`)
    addAll(`${target.name} `, target.options)
  }
  return all
}

function printValue(option: Option): string {
  if (option.values.length === 0) return option.negated ? `! ${option.name}` : printOption(option)
  return `${option.negated ? '! ' : ''}'${option.values.join(' ')}'`
}
