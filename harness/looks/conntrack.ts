import type { Family } from '../iptables/model.ts'
import { type ConntrackEntry, readEntry } from './conntrack-entry.ts'
import { LookError, type Probe } from './probe.ts'
import { quote } from './quote.ts'

export interface FlowsAsked {
  family?: Family
  /** 'tcp', 'udp', 'icmp'…; without it all. */
  protocol?: string
  /** More of conntrack's own filters: ['--dport', '8080', '--src-nat']. */
  filter?: string[]
}

/** The tracked flows of a netns, by who began them: the kernel's own order is none; [] also where the kernel has not loaded connection tracking. */
export function conntrack({ family = 'inet', protocol, filter: more = [] }: FlowsAsked = {}): Probe<ConntrackEntry[]> {
  const filter = [...(protocol === undefined ? [] : ['-p', protocol]), ...more]
  const title = ['conntrack', ...filter].join(' ')
  const list = ['conntrack', '-L', '-f', family === 'inet' ? 'ipv4' : 'ipv6', '-o', 'extended,id', ...filter]
  return {
    title,
    // Asking would load the module.
    script: `[ ! -e /proc/sys/net/netfilter/nf_conntrack_count ] || ${list.map(quote).join(' ')}`,
    parse({ exitCode, stdout, stderr }) {
      if (exitCode !== 0)
        throw new LookError(`${title}: exit code ${exitCode}: ${stderr.trim() || 'nothing on stderr'}`)
      return stdout.split('\n').filter(Boolean).map(readEntry).toSorted(inOrder)
    },
  }
}

function inOrder(one: ConntrackEntry, other: ConntrackEntry): number {
  const key = ({ protocol, original: { source, destination, destinationPort = 0 } }: ConntrackEntry) =>
    `${protocol} ${source} ${destination} ${destinationPort}`
  return key(one).localeCompare(key(other))
}
