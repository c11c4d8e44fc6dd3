import type { Link } from '../../looks/link.ts'
import type { Claim } from '../judge.ts'
import { inWords } from '../shows.ts'

/** The link is a bridge. */
export function bridge(): Claim<Link | undefined> {
  return about('be a bridge', link => ({ holds: link.kind === 'bridge', saw: { kind: link.kind } }))
}

/** The link is switched on (the flag UP). */
export function up(): Claim<Link | undefined> {
  return about('be up', link => ({ holds: link.up, saw: { up: link.up, state: link.state } }))
}

/** The link is attached to this bridge. */
export function portOf(bridgeName: string): Claim<Link | undefined> {
  return about(`be a port of ${bridgeName}`, link => ({
    holds: link.master === bridgeName,
    saw: { master: link.master },
  }))
}

/** The link has this address; with a prefix length (`192.168.88.1/24`) that too must be so. */
export function address(asked: string): Claim<Link | undefined> {
  return about(`have address ${asked}`, link => ({
    holds: link.addresses.some(found => found === asked || found.split('/')[0] === asked),
    saw: { addresses: link.addresses },
  }))
}

function about(text: string, check: (link: Link) => { holds: boolean; saw: object }): Claim<Link | undefined> {
  return {
    text,
    check(link) {
      if (!link) return { holds: false, moot: true, saw: 'no such link' }
      const { holds, saw } = check(link)
      return { holds, saw: inWords(saw) }
    },
  }
}
