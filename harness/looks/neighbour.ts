import { known, rows, text, texts } from './iproute.ts'
import type { Probe } from './probe.ts'

/** An ARP or ND entry. */
export interface Neighbour {
  address: string
  link: string
  /** Absent while, or because, nobody answered. */
  mac?: string
  /** 'REACHABLE', 'STALE', 'DELAY', 'PROBE', 'INCOMPLETE', 'FAILED', 'PERMANENT'. */
  state: string
}

/** Who is known on one interface, or on all, by address: the kernel's own order is none. No such interface: nobody. */
export function neighbours(link?: string): Probe<Neighbour[]> {
  const title = link === undefined ? 'neighbours' : `neighbours on ${link}`
  return {
    title,
    script: 'ip -j neigh',
    parse: output =>
      rows(title, output)
        .map(row =>
          known<Neighbour>({
            address: text(row, 'dst') ?? '',
            link: text(row, 'dev') ?? '',
            mac: text(row, 'lladdr'),
            state: texts(row, 'state').join(' ') || 'NONE',
          }),
        )
        .filter(found => link === undefined || found.link === link)
        .toSorted((one, other) => one.address.localeCompare(other.address, 'en', { numeric: true })),
  }
}
