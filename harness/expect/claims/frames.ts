import type { Frame } from '../../capture/frame.ts'
import type { Claim } from '../judge.ts'
import { inWords, type Pattern, shows } from '../shows.ts'

/** At least one frame shows this (or exactly `times`). */
export function frame(pattern: Pattern, times?: number): Claim<Frame[]> {
  return {
    text: `have ${times === undefined ? 'a frame' : `${times} frames`} ${inWords(pattern)}`,
    check(seen) {
      const matching = seen.filter(one => shows(one, pattern))
      return {
        holds: times === undefined ? matching.length > 0 : matching.length === times,
        saw: listed(seen, matching),
      }
    },
  }
}

/** Frames that show these were seen in this order; others may lie between. */
export function framesInOrder(patterns: Pattern[]): Claim<Frame[]> {
  return {
    text: `have, in this order, ${patterns.map(inWords).join(', then ')}`,
    check(seen) {
      let next = 0
      for (const one of seen) if (next < patterns.length && shows(one, patterns[next])) next += 1
      const missing = next < patterns.length ? `; missing from ${inWords(patterns[next])} on` : ''
      return { holds: next === patterns.length, saw: `${listed(seen, [])}${missing}` }
    },
  }
}

/** One packet at two points of its way. */
export interface Rewrite {
  /** What the packet shows at the first point, e.g. `{ at: 'br01', ip: { source: '192.168.88.12' } }`. */
  from: Pattern
  /** What the same packet shows at the second. */
  to: Pattern
}

/**
 * One packet was seen at two points and shows what was asked at each. That it is the same packet is told by what no
 * address translation touches: ICMP type, id and sequence, or TCP sequence and flags, and the IP identification.
 */
export function rewrite({ from, to }: Rewrite): Claim<Frame[]> {
  return {
    text: `have a packet rewritten from ${inWords(from)} to ${inWords(to)}`,
    check(seen) {
      const before = seen.filter(one => shows(one, from))
      const holds = before.some(one =>
        seen.some(other => shows(other, to) && one.at !== other.at && samePacket(one, other)),
      )
      return { holds, saw: listed(seen, before) }
    },
  }
}

function samePacket(one: Frame, other: Frame): boolean {
  if (one.icmp && other.icmp) {
    return (
      one.icmp.type === other.icmp.type && one.icmp.id === other.icmp.id && one.icmp.sequence === other.icmp.sequence
    )
  }
  if (one.tcp && other.tcp) {
    return (
      one.tcp.sequence === other.tcp.sequence &&
      one.tcp.acknowledgement === other.tcp.acknowledgement &&
      one.ip?.id === other.ip?.id
    )
  }
  if (one.udp && other.udp) return one.ip?.id === other.ip?.id && one.udp.payloadLength === other.udp.payloadLength
  return false
}

function listed(seen: Frame[], marked: Frame[]): string {
  if (seen.length === 0) return 'no frames'
  const count = marked.length > 0 ? `${marked.length} of ${seen.length} frames` : `${seen.length} frames`
  return `${count}: ${seen.map(one => `${one.at}: ${one.text}`).join(' | ')}`
}
