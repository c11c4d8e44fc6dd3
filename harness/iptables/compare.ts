import type { Match, Option, RuleSpecification } from './model.ts'

/** Whether two rules mean the same at the same place: family, table, chain, what they match, what they do. Counters and position aside. */
export function sameRule(a: RuleSpecification, b: RuleSpecification): boolean {
  return meaning(a) === meaning(b)
}

/**
 * A rule's meaning as text: equal for two rules exactly when they mean the same. The order of matches and of a match's options is
 * free, as the tool's own is. (With two matches that keep count, such as limit, the kernel does evaluate in order; not told apart.)
 */
export function meaning({ family, table, chain, parameters, matches, target }: RuleSpecification): string {
  return JSON.stringify([
    family,
    table,
    chain,
    unordered(parameters),
    matches.map(matchMeaning).sort(),
    target ? [target.how, target.name, unordered(target.options)] : null,
  ])
}

function matchMeaning({ module, options }: Match): string {
  // `--next` of the policy match ends one element and begins another, so there the order does say something.
  const ordered = options.some(({ name }) => name === '--next')
  return JSON.stringify([module, ordered ? options.map(optionMeaning) : unordered(options)])
}

function unordered(options: Option[]): string[] {
  return options.map(optionMeaning).sort()
}

function optionMeaning({ name, negated, values }: Option): string {
  return JSON.stringify([negated, name, ...values])
}
