import { type Extension, flag, word } from '../syntax.ts'
import { markMatched } from '../values/mark.ts'
import { conntrack, state } from './conntrack.ts'
import { icmp, icmp6 } from './icmp.ts'
import { packet } from './packet.ts'
import { connlimit, hashlimit, limit, recent, set, statistic } from './rates.ts'
import { ah, dccp, esp, multiport, sctp, tcp, udp } from './transport.ts'

/** The match modules whose options are known; the options of any other one are kept as they were written. */
export const matches: Readonly<Record<string, Extension>> = {
  tcp,
  udp,
  sctp,
  dccp,
  esp,
  ah,
  icmp,
  icmp6,
  multiport,
  conntrack,
  state,
  limit,
  hashlimit,
  connlimit,
  statistic,
  recent,
  set,
  ...packet,
  mark: { '--mark': word(markMatched) },
  connmark: { '--mark': word(markMatched) },
  comment: { '--comment': word() },
  owner: {
    '--uid-owner': word(owner),
    '--gid-owner': word(owner),
    '--socket-exists': flag(),
    '--suppl-groups': flag(),
  },
}

/** The module that `-p` loads by itself when one of its options is used. */
export function moduleOf(protocol: string): string {
  return protocol.replace(/^ipv6-icmp$/, 'icmp6').replace(/^ipv6-mh$/, 'mh')
}

function owner(text: string): string {
  return text === 'root' ? '0' : text
}
