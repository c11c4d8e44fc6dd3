import { RuleError } from '../rule-error.ts'

/**
 * A protocol by the name that iptables-save gives it where /etc/protocols is there, else by number: '6' → 'tcp',
 * 'ICMP' → 'icmp', 'icmpv6' → 'ipv6-icmp', '253' → '253', '0' → 'all'. Throws a RuleError for an unknown name.
 */
export function protocol(text: string): string {
  const lower = text.toLowerCase()
  const number = /^\d+$/.test(lower) ? Number(lower) : numbers.get(other.get(lower) ?? lower)
  if (number === undefined || number > 255) throw new RuleError(`not a protocol: ${text} (write its number)`)
  return names.get(number) ?? String(number)
}

const other = new Map(Object.entries({ ip: 'all', icmpv6: 'ipv6-icmp', mh: 'ipv6-mh', 'mobility-header': 'ipv6-mh' }))

// Of /etc/protocols, which an image without the package netbase has not: there, iptables-save writes numbers.
const known =
  'all 0 icmp 1 igmp 2 ggp 3 ipencap 4 st 5 tcp 6 egp 8 igp 9 pup 12 udp 17 hmp 20 xns-idp 22 rdp 27 iso-tp4 29 dccp 33 xtp 36 ' +
  'ddp 37 idpr-cmtp 38 ipv6 41 ipv6-route 43 ipv6-frag 44 idrp 45 rsvp 46 gre 47 esp 50 ah 51 skip 57 ipv6-icmp 58 ' +
  'ipv6-nonxt 59 ipv6-opts 60 rspf 73 vmtp 81 eigrp 88 ospf 89 ax.25 93 ipip 94 etherip 97 encap 98 pim 103 ipcomp 108 ' +
  'vrrp 112 l2tp 115 isis 124 sctp 132 fc 133 ipv6-mh 135 udplite 136 mpls-in-ip 137 manet 138 hip 139 shim6 140 wesp 141 rohc 142'

const words = known.split(' ')
const names = new Map(words.flatMap((name, i) => (i % 2 === 0 ? [[Number(words[i + 1]), name] as const] : [])))
const numbers = new Map([...names].map(([number, name]) => [name, number]))
