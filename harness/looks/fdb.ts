import { known, number, type Row, rows, text, texts } from './iproute.ts'
import type { Probe } from './probe.ts'

/** Which MAC lives behind which port, and how that is known. */
export interface FdbEntry {
  mac: string
  /** The port, or the bridge itself. */
  link: string
  /** The bridge whose table this is; absent for an interface's own list (`self`). */
  bridge?: string
  /** 'permanent': of the bridge or port itself. 'static': set by hand. 'learned': from a frame's source. */
  state: 'permanent' | 'static' | 'learned'
  vlan?: number
  /** In the interface's own table (multicast filters, a VXLAN's far ends), not in the bridge's. */
  self?: true
  /** The VTEP behind which a VXLAN finds the MAC. */
  remote?: string
}

/** A bridge's FDB, or what one link is in, or all of it. No such link: none. */
export function fdb(link?: string): Probe<FdbEntry[]> {
  const title = link === undefined ? 'FDB' : `FDB of ${link}`
  return {
    title,
    script: 'bridge -j fdb show',
    parse: output =>
      rows(title, output)
        .map(row =>
          known<FdbEntry>({
            mac: text(row, 'mac') ?? '',
            link: text(row, 'ifname') ?? '',
            bridge: text(row, 'master'),
            state: stateOf(row),
            vlan: number(row, 'vlan'),
            self: texts(row, 'flags').includes('self') ? true : undefined,
            remote: text(row, 'dst'),
          }),
        )
        .filter(entry => link === undefined || entry.bridge === link || entry.link === link),
  }
}

// A learned entry has no state, or "stale" when no frame came from it for a while.
function stateOf(row: Row): FdbEntry['state'] {
  const state = text(row, 'state')
  return state === 'permanent' || state === 'static' ? state : 'learned'
}
