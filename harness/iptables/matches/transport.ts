import { type Extension, pair, shorthand, word } from '../syntax.ts'
import { decimal, range } from '../values/number.ts'
import { portList, ports } from '../values/port.ts'

const anyPort = { standard: ['0:65535'] }

const sport = word(ports, { aliases: ['--source-port'], ...anyPort })
const dport = word(ports, { aliases: ['--destination-port'], ...anyPort })

export const udp: Extension = { '--sport': sport, '--dport': dport }

export const tcp: Extension = {
  '--sport': sport,
  '--dport': dport,
  '--tcp-flags': pair(tcpFlags),
  '--syn': shorthand(0, ['--tcp-flags'], () => ['FIN,SYN,RST,ACK', 'SYN']),
  '--tcp-option': word(decimal),
}

export const sctp: Extension = { '--sport': sport, '--dport': dport, '--chunk-types': pair() }

export const dccp: Extension = {
  '--sport': sport,
  '--dport': dport,
  '--dccp-types': word(list => list.toUpperCase()),
  '--dccp-option': word(decimal),
}

const anySpi = { standard: ['0:4294967295'] }

export const esp: Extension = { '--espspi': word(text => range(text, 0xffffffff), anySpi) }

export const ah: Extension = { '--ahspi': word(text => range(text, 0xffffffff), anySpi) }

export const multiport: Extension = {
  '--sports': word(portList, { aliases: ['--source-ports'] }),
  '--dports': word(portList, { aliases: ['--destination-ports'] }),
  '--ports': word(portList),
}

const flags = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG']

function tcpFlags(text: string): string {
  const names = text.toUpperCase().split(',')
  const some = names.includes('ALL') ? flags : flags.filter(flag => names.includes(flag))
  return some.join(',') || 'NONE'
}
