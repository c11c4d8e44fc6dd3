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
  const elsewhere = sameElsewhere(ruleset, asked)
  if (elsewhere)
    return `the same rule is in chain ${elsewhere.chain} of table ${elsewhere.table}, as rule ${elsewhere.position}`
  const chain = chainOf(ruleset, asked.table, asked.chain)
  if (!chain) return `table ${asked.table} has no chain ${asked.chain}${warned(ruleset)}`
  const nearest = nearestRule(ruleset, asked)
  if (!nearest) return `chain ${asked.chain} of table ${asked.table} has no rules${warned(ruleset)}`
  const { rule, differences } = nearest
  return `nearest: rule ${rule.position}: ${printRule(rule)} differs in ${differences.join(', ')}${warned(ruleset)}`
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

function warned({ warnings }: Ruleset): string {
  return warnings.length === 0 ? '' : ` (iptables-save warned: ${warnings.join('; ')})`
}
