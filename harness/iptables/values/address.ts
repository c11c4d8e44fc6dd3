import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import type { Family } from '../model.ts'
import { RuleError } from '../rule-error.ts'

/**
 * A network in canonical form, host bits masked: '192.168.88.5/24' → '192.168.88.0/24', '10.0.0.1' → '10.0.0.1/32',
 * '10/8' → '10.0.0.0/8', '10.0.0.0/255.0.255.0' as it stands. Throws a RuleError for a name (iptables resolves names when it
 * adds the rule, so they are no meaning) and for a list (which iptables makes several rules of).
 */
export function network(text: string, family: Family): string {
  const [head = '', mask] = text.split('/')
  const bits = family === 'inet' ? 32 : 128
  const netmask = mask === undefined ? ones(bits, bits) : toMask(mask, family)
  const length = prefixLength(netmask, bits)
  const masked = fromNumber(toNumber(padded(head, family, mask !== undefined), family) & netmask, family)
  return `${masked}/${length ?? fromNumber(netmask, family)}`
}

/** One address in canonical form: '2001:DB8:0::1' → '2001:db8::1'. Throws a RuleError. */
export function address(text: string, family: Family): string {
  return fromNumber(toNumber(text, family), family)
}

/** '192.168/16' is '192.168.0.0/16' for iptables. */
function padded(head: string, family: Family, masked: boolean): string {
  if (family === 'inet6' || !masked || !/^\d+(\.\d+){0,2}$/.test(head)) return head
  return [...head.split('.'), '0', '0', '0'].slice(0, 4).join('.')
}

function toMask(mask: string, family: Family): bigint {
  const bits = family === 'inet' ? 32 : 128
  if (!/^\d+$/.test(mask)) return toNumber(mask, family)
  if (Number(mask) > bits) throw new RuleError(`a prefix length is at most ${bits}: /${mask}`)
  return ones(Number(mask), bits)
}

function ones(length: number, bits: number): bigint {
  return ((1n << BigInt(length)) - 1n) << BigInt(bits - length)
}

/** undefined for a mask whose ones are not all in front. */
function prefixLength(mask: bigint, bits: number): number | undefined {
  const length = mask.toString(2).replaceAll('0', '').length
  return mask === ones(length, bits) ? length : undefined
}

function toNumber(text: string, family: Family): bigint {
  if (family === 'inet' ? !isIPv4(text) : !isIPv6(text)) {
    throw new RuleError(`not an ${family === 'inet' ? 'IPv4' : 'IPv6'} address: ${text}${hint(text)}`)
  }
  if (family === 'inet') return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  return groups(text).reduce((sum, group) => sum * 65536n + BigInt(group), 0n)
}

function hint(text: string): string {
  if (text === '!') return ' (write ! before the option)'
  if (text.includes(',')) return ' (iptables makes one rule of each; write them one by one)'
  return ''
}

/** The eight groups of an IPv6 address, as numbers. */
function groups(text: string): number[] {
  const quad = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  const tail = quad ? quad.slice(1).map(Number) : []
  const [a = 0, b = 0, c = 0, d = 0] = tail
  const hex = quad ? text.slice(0, quad.index) + [a * 256 + b, c * 256 + d].map(n => n.toString(16)).join(':') : text
  const [front = '', back] = hex.split('::')
  const parse = (part: string) => (part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16)))
  const [left, right] = [parse(front), parse(back ?? '')]
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
}

function fromNumber(value: bigint, family: Family): string {
  const size = family === 'inet' ? 8n : 16n
  const parts = Array.from({ length: family === 'inet' ? 4 : 8 }, (_, i, n = family === 'inet' ? 3 : 7) =>
    Number((value >> (size * BigInt(n - i))) & ((1n << size) - 1n)),
  )
  if (family === 'inet') return parts.join('.')
  return new SocketAddress({ address: parts.map(part => part.toString(16)).join(':'), family: 'ipv6' }).address
}
