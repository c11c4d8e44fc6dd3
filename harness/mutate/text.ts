import { isIPv6 } from 'node:net'
import type { Act, Operator } from './mutation.ts'

/** One piece of a command that reads otherwise. */
export interface TextMutation {
  operator: Operator
  act: Extract<Act, { kind: 'replace' }>
}

/** All the ways in which one piece of a command can be broken: addresses, masks, ports, interfaces, order of rules, sysctls. */
export function textMutations(command: string): TextMutation[] {
  return rules.flatMap(({ operator, pattern, other, only }) => {
    if (only && !only.test(command)) return []
    return [...command.matchAll(pattern)].flatMap(found => {
      const [from] = found
      const to = other(from, command.slice(found.index + from.length))
      if (to === undefined || to === from) return []
      return [{ operator, act: { kind: 'replace' as const, from, to, nth: nthAt(command, from, found.index) } }]
    })
  })
}

/** The command with the nth piece that reads `from` replaced. */
export function replaced(command: string, { from, to, nth }: Extract<Act, { kind: 'replace' }>): string {
  const at = placesOf(from, command)[nth - 1]
  if (at === undefined) throw new Error(`the command has no ${from} (${nth}): ${command}`)
  return command.slice(0, at) + to + command.slice(at + from.length)
}

function nthAt(text: string, piece: string, index: number): number {
  return placesOf(piece, text).indexOf(index) + 1
}

/** Where a piece stands in a text; the digits of a longer number, such as a pid, which is another in each run, are not it. */
function placesOf(piece: string, text: string): number[] {
  const whole = new RegExp(`(?<!\\d)${RegExp.escape(piece)}(?!\\d)`, 'g')
  return [...text.matchAll(whole)].map(({ index }) => index)
}

interface Rule {
  operator: Operator
  /** The pieces. */
  pattern: RegExp
  /** Only in commands like this. */
  only?: RegExp
  /** What stands there instead; `after` is what follows in the command. Undefined: nothing that would make sense. */
  other(piece: string, after: string): string | undefined
}

const rules: Rule[] = [
  {
    operator: 'address',
    pattern: /(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g,
    other(address, after) {
      // 0.0.0.0 is no address of anybody's.
      if (address.startsWith('0.')) return undefined
      const octets = address.split('.').map(Number)
      const bits = Number(/^\/(\d+)/.exec(after)?.[1] ?? 32)
      const isNetwork = bits < 32 && octets.slice(Math.ceil(bits / 8)).every(octet => octet === 0)
      // Of a subnet, the next one; of an address, another of the same subnet.
      const at = isNetwork && octets[3] === 0 ? Math.max(0, Math.ceil(bits / 8) - 1) : 3
      const octet = octets[at] ?? 0
      octets[at] = at === 3 ? (octet < 128 ? octet + 100 : octet - 100) : octet < 255 ? octet + 1 : octet - 1
      return octets.join('.')
    },
  },
  {
    operator: 'address',
    pattern: /(?<![\w:.-])[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?![\w:.])/gi,
    other(address, after) {
      if (!isIPv6(address) || address === '::') return undefined
      // Of a subnet, the next one; of an address, another of the same subnet.
      const isNetwork = address.endsWith('::') && after.startsWith('/')
      return address.replace(/[\da-f]+(?=(?:::)?$)/i, group => {
        const number = Number.parseInt(group, 16)
        const step = isNetwork ? 1 : 0x64
        return (number + step > 0xffff ? number - step : number + step).toString(16)
      })
    },
  },
  {
    operator: 'mask',
    pattern: /(?<=(?<![\w:.-])[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}\/)\d{1,3}(?!\d)/gi,
    other: bits => String(Number(bits) < 126 ? Number(bits) + 1 : Number(bits) - 1),
  },
  {
    operator: 'mask',
    pattern: /(?<=\d{1,3}(?:\.\d{1,3}){3}\/)\d{1,2}(?!\d)/g,
    other: bits => String(Number(bits) < 30 ? Number(bits) + 1 : Number(bits) - 1),
  },
  {
    operator: 'port',
    pattern: /(?<=--(?:dport|sport|to-ports|destination-port|expose)[= ]|dstport )\d+/g,
    other: next,
  },
  // -p 8080:80, --publish=127.0.0.1::80/udp
  {
    operator: 'port',
    only: /\bdocker\b.*\b(?:run|create)\b/s,
    pattern: /(?<=\s(?:-p|--publish)[= ]?(?:\S*:)?)\d+(?=[:/\s]|$)/g,
    other: next,
  },
  { operator: 'port', pattern: /(?<=\d\.\d{1,3}:|localhost:)\d+(?!\.)/g, only: /--to-destination/, other: next },
  {
    operator: 'interface',
    only: /\bip6?tables\b/,
    pattern: /(?<=\s(?:-i|-o|--in-interface|--out-interface) )[\w.-]+/g,
    other: loopback,
  },
  { operator: 'interface', only: /\bip\b/, pattern: /(?<=\sdev )[\w.-]+/g, other: loopback },
  { operator: 'interface', pattern: /(?<=\bifconfig )[\w.-]+(?= (?:\d|up|down))/g, other: loopback },
  {
    operator: 'order',
    only: /\bip6?tables\b/,
    pattern: /(?<=\s)(?:-A|-I)(?= [A-Z])/g,
    other: (how, after) => (how === '-I' && /^ \S+ \d/.test(after) ? undefined : how === '-A' ? '-I' : '-A'),
  },
  { operator: 'sysctl', only: /\bsysctl\b/, pattern: /(?<==)[01](?=\s|$)/g, other: opposite },
  { operator: 'sysctl', only: /\becho\b.*>\s*\/proc\/sys\//, pattern: /(?<=\becho )[01](?=\s)/g, other: opposite },
]

function next(port: string): string {
  return String(Number(port) + 1)
}

function loopback(name: string): string {
  return name === 'lo' ? 'eth0' : 'lo'
}

function opposite(value: string): string {
  return value === '0' ? '1' : '0'
}
