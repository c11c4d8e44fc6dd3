import { child, children, known, number, type Row, rows, text, texts } from './iproute.ts'
import type { Probe } from './probe.ts'

/** A network interface with its addresses, as `ip -d -j addr` tells it. */
export interface Link {
  name: string
  ifindex: number
  /** The ifindex of the peer of a veth, of the parent of a macvlan or VLAN; in the netns `peerNetnsId`, here if there is none. */
  iflink?: number
  /** The id that this netns has for the netns of the other end; absent when both are in the same one. */
  peerNetnsId?: number
  /** The driver: 'bridge', 'veth', 'vxlan', 'macvlan'…; absent for loopback and hardware. */
  kind?: string
  /** RFC 2863: 'UP', 'DOWN', 'LOWERLAYERDOWN', 'UNKNOWN'. */
  state: string
  /** Switched on (the flag UP), whether or not there's a carrier. */
  up: boolean
  flags: string[]
  mtu: number
  mac?: string
  /** The bridge that this is a port of. */
  master?: string
  /** With prefix length: '192.168.88.1/24', 'fe80::1/64'. */
  addresses: string[]
}

const script = 'ip -d -j addr'

/** All links of a netns, by ifindex. */
export function links(): Probe<Link[]> {
  return { title: 'links', script, parse: output => toLinks(rows('links', output)) }
}

/** One link by name; undefined when there's none of that name. */
export function link(name: string): Probe<Link | undefined> {
  const title = `link ${name}`
  // All of them are read: a peer in the same netns is told by name, and its ifindex is on its own line.
  return { title, script, parse: output => toLinks(rows(title, output)).find(found => found.name === name) }
}

/** Reads the objects of `ip -d -j addr`. */
export function toLinks(all: Row[]): Link[] {
  const ifindexOf = new Map(all.map(row => [text(row, 'ifname'), number(row, 'ifindex')]))
  return all
    .filter(row => text(row, 'ifname') !== undefined)
    .map(row => {
      const flags = texts(row, 'flags')
      const other = text(row, 'link')
      return known<Link>({
        name: text(row, 'ifname') ?? '',
        ifindex: number(row, 'ifindex') ?? 0,
        iflink: number(row, 'link_index') ?? (other === undefined ? undefined : ifindexOf.get(other)),
        peerNetnsId: number(row, 'link_netnsid'),
        kind: text(child(row, 'linkinfo'), 'info_kind'),
        state: text(row, 'operstate') ?? 'UNKNOWN',
        up: flags.includes('UP'),
        flags,
        mtu: number(row, 'mtu') ?? 0,
        mac: text(row, 'address'),
        master: text(row, 'master'),
        addresses: children(row, 'addr_info').map(
          address => `${text(address, 'local')}/${number(address, 'prefixlen')}`,
        ),
      })
    })
}
