import type { Frame } from '../../capture/frame.ts'
import type { Claim } from '../judge.ts'
import { inWords, type Pattern, shows } from '../shows.ts'

/** At least one frame shows this (or exactly `times`). Where none does, `witness` is what was seen all the same. */
export function frame(
  pattern: Pattern,
  { times, witness }: { times?: number; witness?: Pattern } = {},
): Claim<Frame[]> {
  return {
    text: `have ${times === undefined ? 'a frame' : `${times} frames`} ${inWords(pattern)}`,
    check(seen) {
      const matching = seen.filter(one => shows(one, pattern))
      const others = witness === undefined ? [] : seen.filter(one => shows(one, witness))
      return {
        holds: times === undefined ? matching.length > 0 : matching.length === times,
        saw:
          matching.length === 0 && others.length > 0
            ? `none of ${seen.length} frames; the witness: ${others.slice(0, 1).map(inLine)}`
            : listed(seen, matching),
      }
    },
  }
}

/** Frames that show these were seen in this order; others may lie between. */
export function framesInOrder(patterns: Pattern[]): Claim<Frame[]> {
  return {
    text: `have, in this order, ${patterns.map(inWords).join(', then ')}`,
    check(seen) {
      const found: Frame[] = []
      for (const one of seen) if (found.length < patterns.length && shows(one, patterns[found.length])) found.push(one)
      const holds = found.length === patterns.length
      const saw = holds
        ? listed(seen, found)
        : `${listed(seen, [])}; missing from ${inWords(patterns[found.length])} on`
      return { holds, saw }
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

// Of a passed claim the frames that made it so; of a failed one what else was there.
const mostFrames = 12

function listed(seen: Frame[], matching: Frame[]): string {
  if (seen.length === 0) return 'no frames'
  const shown = matching.length > 0 ? matching : seen
  const count = matching.length > 0 ? `${matching.length} of ${seen.length} frames` : `${seen.length} frames`
  const more = shown.length > mostFrames ? ` | … ${shown.length - mostFrames} more` : ''
  return `${count}: ${shown.slice(0, mostFrames).map(inLine).join(' | ')}${more}`
}

/** A frame and where it was seen, in one line. */
export function inLine(frame: Frame): string {
  return `${frame.at}${frame.from === undefined ? '' : ` from ${frame.from}`}: ${frame.text}`
}
