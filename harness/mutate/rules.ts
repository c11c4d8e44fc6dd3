import { BlockList, isIPv6 } from 'node:net'
import { sameRule } from '../iptables/compare.ts'
import type { Family, Rule, RuleSpecification } from '../iptables/model.ts'
import { parseRule } from '../iptables/rule.ts'
import { chainBeside, rulesOf, type Snapshot } from './snapshot.ts'

/** What a lab's run shows of the rules that it met. */
export interface RuleUse {
  /** Every look at the machine while the lab ran, in their order, its last one included. */
  snapshots: readonly Snapshot[]
  /** Rules that its expectations name. */
  claimed: readonly RuleSpecification[]
}

/** The rules that expectations name, read in what they claim: `ip6tables rules should have rule -t nat -A … at position 1`. */
export function claimedRules(expectations: readonly string[]): RuleSpecification[] {
  return expectations.flatMap(text => {
    const [, named = ''] = /\b(?:have|use) rule (.*)$/s.exec(text) ?? []
    return named
      .replace(/ at position \d+$| \d+ times$/, '')
      .split(' before ')
      .flatMap(rule => read(rule, text.startsWith('ip6tables') ? 'inet6' : 'inet') ?? [])
  })
}

/** The use while a rule is there that one of the snapshots shows: an equal rule, before or later, is another. */
export function useWhileThere(rule: Rule, since: Snapshot, { snapshots, claimed }: RuleUse): RuleUse {
  const later = snapshots.slice(snapshots.indexOf(since))
  const gone = later.findIndex(snapshot => !rulesOf(snapshot).some(one => sameRule(one, rule)))
  return { snapshots: gone < 0 ? later : later.slice(0, gone), claimed }
}

/** Why nothing that the lab does can depend on a rule; undefined where something may. */
export function whyIdle(rule: Rule, { snapshots, claimed }: RuleUse): string | undefined {
  if (claimed.some(one => sameRule(one, rule))) return undefined
  const seen = snapshots.flatMap(snapshot => rulesOf(snapshot).filter(one => sameRule(one, rule)))
  if (!seen.some(({ counters }) => counters.packets > 0)) return 'no packet of the lab met the rule'
  if (returns(rule))
    return spares(rule, snapshots) ? undefined : 'the rule decides nothing: its chain has no rule behind it that would'
  return decides(rule, snapshots) ? undefined : 'the rule decides nothing: behind it there are only rules that return'
}

/** Why it does not matter at which end of its chain a command puts a rule; undefined where it may. */
export function whyEitherEnd(command: string, before: Snapshot, use: RuleUse): string | undefined {
  // What another netns has is not in the snapshot.
  const [typed] = /^ip6?tables .*/.exec(command) ?? []
  const rule = typed === undefined ? undefined : read(typed)
  if (!rule) return undefined
  const others = chainBeside(rule, rule.chain, before)?.rules ?? []
  if (others.length === 0) return 'the chain has no other rule'
  return others.every(other => whyIdle(other, use) !== undefined)
    ? 'no packet of the lab met the other rules of the chain'
    : undefined
}

function read(rule: string, family?: Family): RuleSpecification | undefined {
  try {
    return parseRule(rule, family)
  } catch {
    return undefined
  }
}

/** Whether it can matter which of two rules of a chain stands before the other: a packet can meet both, and they decide otherwise. */
export function compete(one: Rule, other: Rule, { snapshots }: Pick<RuleUse, 'snapshots'>): boolean {
  if (disjoint(one, other)) return false
  // A rule that returns lets those behind it decide.
  if (returns(one) || returns(other)) return !(returns(one) && returns(other))
  const ends = new Set([one, other].flatMap(rule => snapshots.flatMap(snapshot => endsOf(rule, snapshot))))
  return ends.size > 1
}

/** What may become of a packet that meets a rule, `ACCEPT` or `DNAT`; none where it only returns. */
function endsOf(rule: Rule, snapshot: Snapshot): string[] {
  if (!rule.target || rule.target.name === 'RETURN') return []
  const chain = chainBeside(rule, rule.target.name, snapshot)
  return chain ? chain.rules.flatMap(one => endsOf(one, snapshot)) : [rule.target.name]
}

/** Whether no packet meets both rules: what one of them asks for the other excludes. */
function disjoint(one: Rule, other: Rule): boolean {
  return one.parameters.some(asked =>
    other.parameters.some(({ name, negated, values: [value = ''] }) => {
      const [own = ''] = asked.values
      if (asked.name !== name || (asked.negated && negated)) return false
      return asked.negated || negated ? own === value : apart(name, own, value)
    }),
  )
}

/** Whether no packet has both: two addresses or subnets, or two links. */
function apart(name: string, one: string, other: string): boolean {
  if (name === '-s' || name === '-d') {
    // A mask such as 255.0.255.0 is no subnet's.
    return [one, other].every(subnet => /\/\d+$/.test(subnet)) && !within(one, other) && !within(other, one)
  }
  return (name === '-i' || name === '-o') && one !== other && !`${one}${other}`.includes('+')
}

/** Whether the first address of one subnet belongs to the other. */
function within(one: string, other: string): boolean {
  const [[address = ''], [subnet = '', length]] = [one.split('/'), other.split('/')]
  const family = isIPv6(subnet) ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  list.addSubnet(subnet, Number(length), family)
  return list.check(address, family)
}

/** Whether behind a rule that returns there is one in its chain that does more with what it spares. */
function spares(rule: Rule, snapshots: readonly Snapshot[]): boolean {
  return snapshots.some(snapshot => {
    const rules = chainBeside(rule, rule.chain, snapshot)?.rules ?? []
    const at = rules.findIndex(one => sameRule(one, rule))
    const behind = rules.slice(at + 1).filter(other => !disjoint(rule, other))
    return at >= 0 && behind.some(other => other.target && !returns(other))
  })
}

/** Whether a rule, or the chain that it leads to, ever does more than return. */
function decides(rule: Rule, snapshots: readonly Snapshot[]): boolean {
  const { target } = rule
  if (!target || target.name === 'RETURN') return false
  return snapshots.some(snapshot => {
    const chain = chainBeside(rule, target.name, snapshot)
    return chain ? chain.rules.some(one => one.counters.packets > 0 && decides(one, [snapshot])) : true
  })
}

/** Whether a rule hands its packets back to where its chain was called from. */
export function returns({ target }: Rule): boolean {
  return target?.name === 'RETURN'
}

/** The rules that are in one snapshot more often than in the other, in the kernel's order. */
export function cameIn(before: Snapshot, after: Snapshot): Rule[] {
  const known = [...rulesOf(before)]
  return rulesOf(after).filter(rule => {
    const at = known.findIndex(one => sameRule(one, rule))
    if (at >= 0) known.splice(at, 1)
    return at < 0
  })
}
