import { chainOf, counted, findRule, isBefore } from '../../iptables/find.ts'
import type { Ruleset } from '../../iptables/model.ts'
import { whyAbsent } from '../../iptables/nearest.ts'
import { parseRule } from '../../iptables/rule.ts'
import type { Claim } from '../judge.ts'

/** A rule that means this, in the tool's own syntax, is present (at this position of its chain, counted from 1). */
export function rule(text: string, { position }: { position?: number } = {}): Claim<Ruleset> {
  return {
    text: `have rule ${text}${position === undefined ? '' : ` at position ${position}`}`,
    check(seen) {
      const asked = parseRule(text, seen.family)
      const found = findRule(seen, asked).map(one => one.position)
      if (found.length === 0) return { holds: false, saw: whyAbsent(seen, asked) }
      return {
        holds: position === undefined || found.includes(position),
        saw: `it is rule ${found.join(' and ')} of ${asked.chain}`,
      }
    },
  }
}

/** Both rules are present, and a packet that walks their chain meets the first one first. */
export function ruleBefore(first: string, second: string): Claim<Ruleset> {
  return {
    text: `have rule ${first} before ${second}`,
    check(seen) {
      const [one, other] = [first, second].map(text => parseRule(text, seen.family))
      if (!one || !other) throw new TypeError('two rules are needed')
      const moot = [one, other].some(asked => findRule(seen, asked).length === 0)
      const where = [one, other].map(asked => {
        const positions = findRule(seen, asked).map(found => found.position)
        return positions.length > 0 ? `rule ${positions.join(' and ')}` : `absent (${whyAbsent(seen, asked)})`
      })
      return { holds: isBefore(seen, one, other), moot, saw: `the first is ${where[0]}, the second ${where[1]}` }
    },
  }
}

/** The builtin chain has this policy, e.g. `policy('filter', 'FORWARD', 'DROP')`. */
export function policy(table: string, chain: string, asked: string): Claim<Ruleset> {
  return {
    text: `have policy ${asked} in chain ${chain} of table ${table}`,
    check(seen) {
      // A table that nobody has touched isn't listed; its builtin chains accept.
      const found = chainOf(seen, table, chain)?.policy ?? 'ACCEPT'
      return { holds: found === asked, saw: `policy ${found}` }
    },
  }
}

/** A rule counted packets between two looks: exactly `times`, or at least one. */
export function use(text: string, times: number | undefined): Claim<{ before: Ruleset; after: Ruleset }> {
  return {
    text: `use rule ${text}${times === undefined ? '' : ` ${times} times`}`,
    check({ before, after }) {
      const asked = parseRule(text, after.family)
      const rise = counted(before, after, asked)?.packets
      if (rise === undefined) return { holds: false, moot: true, saw: whyAbsent(after, asked) }
      return { holds: times === undefined ? rise > 0 : rise === times, saw: `its counter rose by ${rise}` }
    },
  }
}
