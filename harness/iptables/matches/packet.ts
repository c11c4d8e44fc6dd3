import type { Family } from '../model.ts'
import { type Extension, flag, shorthand, word } from '../syntax.ts'
import { address } from '../values/address.ts'
import { codepoint, serviceType } from '../values/dscp.ts'
import { named, upperList } from '../values/list.ts'
import { decimal, range } from '../values/number.ts'
import { protocol } from '../values/protocol.ts'

/** Modules that look at where a packet comes from, where it goes, and what its headers say. */
export const packet: Readonly<Record<string, Extension>> = {
  addrtype: {
    '--src-type': word(upperList),
    '--dst-type': word(upperList),
    '--limit-iface-in': flag(),
    '--limit-iface-out': flag(),
  },
  iprange: { '--src-range': word(addresses), '--dst-range': word(addresses) },
  mac: { '--mac-source': word(mac => mac.toLowerCase()) },
  physdev: {
    '--physdev-in': word(),
    '--physdev-out': word(),
    '--physdev-is-in': flag(),
    '--physdev-is-out': flag(),
    '--physdev-is-bridged': flag(),
  },
  policy: {
    '--dir': word(),
    '--pol': word(),
    '--strict': flag(),
    '--reqid': word(decimal),
    '--spi': word(),
    '--proto': word(protocol),
    '--mode': word(),
    '--tunnel-src': word(),
    '--tunnel-dst': word(),
    '--next': flag(),
  },
  pkttype: { '--pkt-type': word(named({ host: 'unicast', bcast: 'broadcast', mcast: 'multicast' })) },
  length: { '--length': word(text => range(text, 65535)) },
  ttl: { '--ttl-eq': word(decimal, { aliases: ['--ttl'] }), '--ttl-lt': word(decimal), '--ttl-gt': word(decimal) },
  hl: { '--hl-eq': word(decimal), '--hl-lt': word(decimal), '--hl-gt': word(decimal) },
  tos: { '--tos': word(serviceType) },
  dscp: { '--dscp': word(codepoint), '--dscp-class': shorthand(1, ['--dscp'], ([name = '']) => [codepoint(name)]) },
}

function addresses(text: string, family: Family): string {
  const [from = '', to = from] = text.split('-')
  return `${address(from, family)}-${address(to, family)}`
}
