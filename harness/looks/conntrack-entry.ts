import { known } from './iproute.ts'
import { LookError } from './probe.ts'

/** One direction of a flow as conntrack knows it. What the protocol has not is absent; packets and bytes only where accounting is on. */
export interface Direction {
  source: string
  destination: string
  sourcePort?: number
  destinationPort?: number
  /** Of ICMP: type, code and the identifier that echo requests and replies share. */
  type?: number
  code?: number
  id?: number
  packets?: number
  bytes?: number
}

/** One tracked flow: how its first packet came, and how an answer must come; where the two don't mirror each other, addresses are translated. */
export interface ConntrackEntry {
  /** 'tcp', 'udp', 'icmp', 'icmpv6', 'gre'…; 'unknown' has only a number. */
  protocol: string
  protocolNumber: number
  /** Of TCP: 'SYN_SENT', 'ESTABLISHED', 'TIME_WAIT'… */
  state?: string
  /** Seconds until it's forgotten, unless another packet comes. Absent for an offloaded flow. */
  timeout?: number
  original: Direction
  reply: Direction
  /** Packets went both ways, so that it outlives a full table. */
  assured: boolean
  /** No answer was seen yet. */
  unreplied: boolean
  mark?: number
  zone?: number
  /** Stays the same as long as the entry lives. */
  id?: number
}

/** `ipv4 2 tcp 6 431999 ESTABLISHED src=… dst=… sport=… dport=… src=… dst=… sport=… dport=… [ASSURED] mark=0 use=1 id=…` */
export function readEntry(line: string): ConntrackEntry {
  const words = line.trim().split(/\s+/)
  const [, , protocol = '', protocolNumber = '', ...status] = words.slice(0, words.findIndex(isSource))
  const directions: Values[] = []
  const about: Values = new Map()
  for (const word of words) {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(word) ?? []
    if (isSource(word)) directions.push(new Map())
    // What follows the directions is about the entry as a whole; an ICMP echo's id is not the entry's.
    const whole = about.size > 0 || /^(?:mark|secctx|zone|delta-time|use)=/.test(word)
    if (key !== undefined && value !== undefined) (whole ? about : directions.at(-1))?.set(key, value)
  }
  const [original, reply] = directions
  if (!original || !reply || !/^\d+$/.test(protocolNumber)) throw new LookError(`conntrack: not an entry: ${line}`)
  return known<ConntrackEntry>({
    protocol,
    protocolNumber: Number(protocolNumber),
    state: status.find(word => /^[A-Z]/.test(word)),
    timeout: number(status.find(word => /^\d+$/.test(word))),
    original: toDirection(original),
    reply: toDirection(reply),
    assured: words.includes('[ASSURED]'),
    unreplied: words.includes('[UNREPLIED]'),
    mark: number(about.get('mark')),
    zone: number(about.get('zone')),
    id: number(about.get('id')),
  })
}

type Values = Map<string, string>

function isSource(word: string): boolean {
  return word.startsWith('src=')
}

function toDirection(values: Values): Direction {
  return known<Direction>({
    source: values.get('src') ?? '',
    destination: values.get('dst') ?? '',
    sourcePort: number(values.get('sport')),
    destinationPort: number(values.get('dport')),
    type: number(values.get('type')),
    code: number(values.get('code')),
    id: number(values.get('id')),
    packets: number(values.get('packets')),
    bytes: number(values.get('bytes')),
  })
}

function number(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}
