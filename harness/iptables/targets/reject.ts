import type { Family } from '../model.ts'
import { RuleError } from '../rule-error.ts'
import { type Extension, word } from '../syntax.ts'

/** `--reject-with` in the long names that iptables-save prints; port unreachable is what REJECT alone means. */
export const reject: Extension = {
  '--reject-with': word(rejection, { standard: ['icmp-port-unreachable', 'icmp6-port-unreachable'] }),
}

function rejection(text: string, family: Family): string {
  const table = family === 'inet' ? short : short6
  const long = Object.values(table)
  // As the tool does, an unambiguous beginning will do.
  const found =
    (Object.hasOwn(table, text) ? table[text] : undefined) ??
    long.find(name => name === text) ??
    long.find(name => name.startsWith(text))
  if (found === undefined) throw new RuleError(`not a way to reject: ${text} (known: ${[...new Set(long)].join(' ')})`)
  return found
}

const short: Readonly<Record<string, string>> = {
  'net-unreach': 'icmp-net-unreachable',
  'host-unreach': 'icmp-host-unreachable',
  'proto-unreach': 'icmp-proto-unreachable',
  'port-unreach': 'icmp-port-unreachable',
  'net-prohib': 'icmp-net-prohibited',
  'host-prohib': 'icmp-host-prohibited',
  'tcp-rst': 'tcp-reset',
  'admin-prohib': 'icmp-admin-prohibited',
}

const short6: Readonly<Record<string, string>> = {
  'no-route': 'icmp6-no-route',
  'adm-prohibited': 'icmp6-adm-prohibited',
  'addr-unreach': 'icmp6-addr-unreachable',
  'port-unreach': 'icmp6-port-unreachable',
  'policy-fail': 'icmp6-policy-fail',
  'reject-route': 'icmp6-reject-route',
  'tcp-rst': 'tcp-reset',
}
