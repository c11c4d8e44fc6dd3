import type { Chain, Option, Rule, RuleSpecification, Ruleset, Table } from './model.ts'
import { quote } from './words.ts'

/** A rule as one would type it after `iptables`: `-t nat -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE`. */
export function printRule(rule: RuleSpecification): string {
  const table = rule.table === 'filter' ? '' : `-t ${quote(rule.table)} `
  return table + printAppend(rule)
}

/** A ruleset as iptables-restore reads it (with `-c`, counters too). */
export function printRuleset({ tables }: Ruleset): string {
  return tables.map(printTable).join('')
}

function printTable({ name, chains }: Table): string {
  const rules = chains.flatMap(chain => chain.rules.map(printSaved))
  return [`*${name}`, ...chains.map(printChain), ...rules, 'COMMIT', ''].join('\n')
}

function printChain({ name, policy = '-', counters }: Chain): string {
  return `:${name} ${policy} [${counters.packets}:${counters.bytes}]`
}

function printSaved(rule: Rule): string {
  return `[${rule.counters.packets}:${rule.counters.bytes}] ${printAppend(rule)}`
}

function printAppend({ chain, parameters, matches, target }: RuleSpecification): string {
  return [
    '-A',
    quote(chain),
    ...parameters.flatMap(words),
    ...matches.flatMap(({ module, options }) => ['-m', quote(module), ...options.flatMap(words)]),
    ...(target ? [target.how === 'goto' ? '-g' : '-j', quote(target.name), ...target.options.flatMap(words)] : []),
  ].join(' ')
}

function words(option: Option): string[] {
  return [...(option.negated ? ['!'] : []), option.name, ...option.values.map(quote)]
}

/** An option as it is typed: `! -o docker0`, `--dport 80`. */
export function printOption(option: Option): string {
  return words(option).join(' ')
}
