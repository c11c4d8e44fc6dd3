import { type LinkEnd, paired } from '../../looks/peer.ts'
import type { Claim } from '../judge.ts'

/** Two ends are one wire: ifindex and iflink point at each other, and both netns agree about where the other end lives. */
export function pairedWith(title: string): Claim<[LinkEnd | undefined, LinkEnd | undefined]> {
  return {
    text: `be paired with ${title}`,
    check([one, other]) {
      const { paired: holds, why } = paired(one, other)
      return { holds, moot: !one || !other, saw: why }
    },
  }
}
