import { known, number, rows, text } from './iproute.ts'
import type { Probe } from './probe.ts'

/** An interface attached to a bridge. */
export interface Port {
  name: string
  ifindex: number
  bridge: string
  /** Of the spanning tree: 'forwarding', 'disabled', 'listening', 'learning', 'blocking'. */
  state: string
  /** Sends a frame back out of the port that it came in by. */
  hairpin?: boolean
  learning?: boolean
  /** Gets frames for MACs that aren't in the FDB. */
  flood?: boolean
  /** Doesn't talk to other isolated ports. */
  isolated?: boolean
}

/** The ports of a bridge. No such bridge: none. */
export function ports(bridge: string): Probe<Port[]> {
  const title = `ports of ${bridge}`
  return {
    title,
    script: 'bridge -d -j link show',
    parse: output =>
      rows(title, output)
        // With VLAN filtering the bridge lists itself too, as its own master.
        .filter(row => text(row, 'master') === bridge && text(row, 'ifname') !== bridge)
        .map(row =>
          known<Port>({
            name: text(row, 'ifname') ?? '',
            ifindex: number(row, 'ifindex') ?? 0,
            bridge,
            state: text(row, 'state') ?? '',
            hairpin: flag(row.hairpin),
            learning: flag(row.learning),
            flood: flag(row.flood),
            isolated: flag(row.isolated),
          }),
        ),
  }
}

function flag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}
