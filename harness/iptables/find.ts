import { sameRule } from './compare.ts'
import type { Chain, Counters, Rule, RuleSpecification, Ruleset } from './model.ts'

/** A chain by table and name; undefined when there's none. */
export function chainOf(ruleset: Ruleset, table: string, chain: string): Chain | undefined {
  return ruleset.tables.find(one => one.name === table)?.chains.find(one => one.name === chain)
}

/** The rules of the chain that mean the same as `rule`, first position first; [] when absent. */
export function findRule(ruleset: Ruleset, rule: RuleSpecification): Rule[] {
  return chainOf(ruleset, rule.table, rule.chain)?.rules.filter(one => sameRule(one, rule)) ?? []
}

/**
 * Whether a packet that walks the chain meets `first` before `second`. A rule may be there several times: then every `second`
 * has a `first` before it. false when either is absent, or when they are in different chains.
 */
export function isBefore(ruleset: Ruleset, first: RuleSpecification, second: RuleSpecification): boolean {
  if (first.table !== second.table || first.chain !== second.chain) return false
  const [a] = findRule(ruleset, first)
  const [b] = findRule(ruleset, second)
  return a !== undefined && b !== undefined && a.position < b.position
}

/**
 * What a rule counted between two looks (all its occurrences together); undefined when it was absent at either. Negative when the
 * counters began anew in between: the rule was made again, or zeroed.
 */
export function counted(before: Ruleset, after: Ruleset, rule: RuleSpecification): Counters | undefined {
  const [then, now] = [total(findRule(before, rule)), total(findRule(after, rule))]
  return then && now && { packets: now.packets - then.packets, bytes: now.bytes - then.bytes }
}

function total(rules: Rule[]): Counters | undefined {
  if (rules.length === 0) return undefined
  return rules.reduce(
    (sum, { counters }) => ({ packets: sum.packets + counters.packets, bytes: sum.bytes + counters.bytes }),
    {
      packets: 0,
      bytes: 0,
    },
  )
}
