import { differences } from './difference.ts'
import { chainOf, findRule } from './find.ts'
import type { Rule, RuleSpecification, Ruleset } from './model.ts'
import { printRule } from './print.ts'

/** The rule that comes nearest to one that is absent, and in what it differs. */
export interface Nearest {
  rule: Rule
  differences: string[]
}

/** The rule of the same chain with the fewest differences, the first of several; undefined when the chain is empty or not there. */
export function nearestRule(ruleset: Ruleset, asked: RuleSpecification): Nearest | undefined {
  const rules = chainOf(ruleset, asked.table, asked.chain)?.rules ?? []
  const all = rules.map(rule => ({ rule, differences: differences(rule, asked) }))
  return all.toSorted((a, b) => a.differences.length - b.differences.length)[0]
}

/**
 * Why a rule is absent, in one line: the same rule in another chain, the nearest one in its own and in what that differs, an empty
 * chain, no such chain or table.
 */
export function whyAbsent(ruleset: Ruleset, asked: RuleSpecification): string {
  const { warnings } = ruleset
  return reason(ruleset, asked) + (warnings.length === 0 ? '' : ` (iptables-save warned: ${warnings.join('; ')})`)
}

function reason(ruleset: Ruleset, asked: RuleSpecification): string {
  const same = sameElsewhere(ruleset, asked)
  if (same) return `the same rule is in chain ${same.chain} of table ${same.table}, as rule ${same.position}`
  const chain = chainOf(ruleset, asked.table, asked.chain)
  if (!chain) return `table ${asked.table} has no chain ${asked.chain}`
  const nearest = nearestRule(ruleset, asked)
  if (!nearest) return `chain ${asked.chain} of table ${asked.table} has no rules`
  const { rule, differences } = nearest
  return `nearest: rule ${rule.position}: ${printRule(rule)} differs in ${differences.join(', ')}`
}

function sameElsewhere(ruleset: Ruleset, asked: RuleSpecification): Rule | undefined {
  for (const table of ruleset.tables) {
    for (const chain of table.chains) {
      const [found] = findRule(ruleset, { ...asked, table: table.name, chain: chain.name })
      if (found) return found
    }
  }
  return undefined
}
