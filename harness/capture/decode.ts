import type { Packet } from '../../vm/pcap.ts'
import type { Arp, Frame, Icmp, Ip, Tcp } from './frame.ts'
import { frameText } from './frame-text.ts'

/** Reads one captured packet. Never throws: where a header is malformed, cut off or unknown, `raw` holds it and all after it. */
export function decode(packet: Packet, linkType: number, at: string): Frame {
  const layers: Layers = {}
  const rest = readLink(packet.bytes, linkType, layers)
  if (rest !== undefined) layers.raw = Buffer.from(rest).toString('hex')
  const frame = { at, time: Number(packet.time) / 1e9, length: packet.length, text: '', ...layers }
  frame.text = frameText(frame)
  return frame
}

type Layers = Omit<Frame, 'at' | 'time' | 'length' | 'text'>

// Each reader puts what it reads into `layers` and gives back what nobody could read, undefined when all was read. A header
// is read only when it is there as a whole.
type Reader = (bytes: Uint8Array, layers: Layers) => Uint8Array | undefined

function readLink(bytes: Uint8Array, linkType: number, layers: Layers): Uint8Array | undefined {
  const view = viewOf(bytes)
  if (linkType === ethernetLinkType && bytes.length >= 14) {
    layers.ethernet = { destination: macAt(bytes, 0), source: macAt(bytes, 6), type: view.getUint16(12) }
    return readTyped(bytes.subarray(14), layers)
  }
  if (linkType === 113 && bytes.length >= 16) {
    layers.direction = directionOf(view.getUint16(0))
    layers.ethernet = { source: macAt(bytes, 6), type: view.getUint16(14) }
    return readTyped(bytes.subarray(16), layers)
  }
  if (linkType === 276 && bytes.length >= 20) {
    layers.direction = directionOf(view.getUint8(10))
    layers.ifindex = view.getUint32(4)
    layers.ethernet = { source: macAt(bytes, 12), type: view.getUint16(0) }
    return readTyped(bytes.subarray(20), layers)
  }
  return bytes
}

function directionOf(packetType: number): 'in' | 'out' {
  return packetType === 4 ? 'out' : 'in'
}

function readTyped(bytes: Uint8Array, layers: Layers): Uint8Array | undefined {
  const { ethernet } = layers
  if (ethernet?.type === 0x8100 && bytes.length >= 4) {
    const view = viewOf(bytes)
    layers.vlan = { id: view.getUint16(0) & 0xfff, priority: view.getUint16(0) >> 13 }
    ethernet.type = view.getUint16(2)
    return readTyped(bytes.subarray(4), layers)
  }
  return (etherTypes.get(ethernet?.type ?? 0) ?? unread)(bytes, layers)
}

const unread: Reader = bytes => (bytes.length === 0 ? undefined : bytes)

const readArp: Reader = (bytes, layers) => {
  const view = viewOf(bytes)
  // Ethernet and IPv4 only; nothing else is spoken here.
  if (bytes.length < 28 || view.getUint16(0) !== 1 || view.getUint16(2) !== 0x0800 || view.getUint16(4) !== 0x0604)
    return bytes
  const operation = view.getUint16(6)
  layers.arp = {
    operation: arpOperations.get(operation) ?? operation,
    sender: { mac: macAt(bytes, 8), ip: ipv4At(bytes, 14) },
    target: { mac: macAt(bytes, 18), ip: ipv4At(bytes, 24) },
  }
  return undefined
}

const readIpv4: Reader = (bytes, layers) => {
  const view = viewOf(bytes)
  if (bytes.length < 20 || view.getUint8(0) >> 4 !== 4) return bytes
  const headerLength = (view.getUint8(0) & 0xf) * 4
  if (headerLength < 20 || bytes.length < headerLength) return bytes
  // 0 where the sender left the cutting to its network card: then the packet is as long as the frame.
  const totalLength = view.getUint16(2) || bytes.length
  if (totalLength < headerLength) return bytes
  const fragment = view.getUint16(6)
  const fragmentOffset = (fragment & 0x1fff) * 8
  layers.ip = {
    version: 4,
    source: ipv4At(bytes, 12),
    destination: ipv4At(bytes, 16),
    ttl: view.getUint8(8),
    id: view.getUint16(4),
    protocol: protocolOf(view.getUint8(9)),
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset,
  }
  // A frame is padded to 60 octets: what follows the packet is nobody's.
  const payload = bytes.subarray(headerLength, totalLength)
  if (fragmentOffset > 0) return undefined
  return readTransport(payload, totalLength - headerLength, layers)
}

const readIpv6: Reader = (bytes, layers) => {
  const view = viewOf(bytes)
  if (bytes.length < 40 || view.getUint8(0) >> 4 !== 6) return bytes
  const ip: Ip = {
    version: 6,
    source: ipv6At(bytes, 8),
    destination: ipv6At(bytes, 24),
    ttl: view.getUint8(7),
    protocol: protocolOf(view.getUint8(6)),
  }
  layers.ip = ip
  const length = view.getUint16(4)
  let start = 40
  let next = view.getUint8(6)
  while (extensionHeaders.has(next) && bytes.length >= start + 8) {
    const isFragment = next === fragmentHeader
    if (isFragment) {
      const fragment = view.getUint16(start + 2)
      ip.fragmentOffset = fragment & 0xfff8
      ip.moreFragments = (fragment & 1) !== 0
    }
    next = view.getUint8(start)
    start += isFragment ? 8 : (view.getUint8(start + 1) + 1) * 8
    ip.protocol = protocolOf(next)
    if (ip.fragmentOffset) return undefined
  }
  return readTransport(bytes.subarray(start, 40 + length), 40 + length - start, layers)
}

/** `length` is what the IP header says, as a capture may be cut short. */
function readTransport(bytes: Uint8Array, length: number, layers: Layers): Uint8Array | undefined {
  const view = viewOf(bytes)
  const protocol = layers.ip?.protocol
  if ((protocol === 'icmp' || protocol === 'icmp6') && bytes.length >= 8) {
    layers.icmp = readIcmp(bytes, protocol)
    return undefined
  }
  if (protocol === 'tcp' && bytes.length >= 20 && view.getUint8(12) >> 4 >= 5) {
    layers.tcp = {
      sourcePort: view.getUint16(0),
      destinationPort: view.getUint16(2),
      flags: tcpFlags.filter((_, bit) => view.getUint8(13) & (1 << bit)),
      sequence: view.getUint32(4),
      acknowledgement: view.getUint32(8),
      payloadLength: Math.max(0, length - (view.getUint8(12) >> 4) * 4),
    }
    return undefined
  }
  if (protocol === 'udp' && bytes.length >= 8) {
    const payloadLength = Math.max(0, view.getUint16(4) - 8)
    const destinationPort = view.getUint16(2)
    layers.udp = { sourcePort: view.getUint16(0), destinationPort, payloadLength }
    // What another datagram carries is the application's.
    if (destinationPort === vxlanPort) readVxlan(bytes.subarray(8, 8 + payloadLength), payloadLength, layers)
    return undefined
  }
  return unread(bytes, layers)
}

/** RFC 7348. `length` is what the UDP header says, as the frame inside may be cut short, by the capture or as a fragment. */
function readVxlan(bytes: Uint8Array, length: number, layers: Layers): void {
  const view = viewOf(bytes)
  // The flag I: the VNI is valid. Without it this is no VXLAN, whatever the port.
  if (bytes.length < vxlanHeaderLength || (view.getUint8(0) & 0x08) === 0) return
  const inner: Layers = {}
  const rest = readLink(bytes.subarray(vxlanHeaderLength), ethernetLinkType, inner)
  if (rest !== undefined) inner.raw = Buffer.from(rest).toString('hex')
  const frame = { length: length - vxlanHeaderLength, text: '', ...inner }
  frame.text = frameText(frame)
  layers.vxlan = { vni: view.getUint32(4) >>> 8, inner: frame }
}

function readIcmp(bytes: Uint8Array, protocol: 'icmp' | 'icmp6'): Icmp {
  const view = viewOf(bytes)
  const number = view.getUint8(0)
  const type = (protocol === 'icmp' ? icmpTypes : icmp6Types).get(number) ?? number
  const icmp: Icmp = { type, code: view.getUint8(1) }
  if (type === 'echo-request' || type === 'echo-reply') {
    icmp.id = view.getUint16(4)
    icmp.sequence = view.getUint16(6)
  } else if (errorTypes.has(type)) {
    const about: Layers = {}
    ;(protocol === 'icmp' ? readIpv4 : readIpv6)(bytes.subarray(8), about)
    if (about.ip)
      icmp.about = { source: about.ip.source, destination: about.ip.destination, protocol: about.ip.protocol }
  }
  return icmp
}

const etherTypes = new Map<number, Reader>([
  [0x0800, readIpv4],
  [0x0806, readArp],
  [0x86dd, readIpv6],
])

/** As in pcap-linktype(7). */
export const ethernetLinkType = 1

/** IANA's; Linux takes 8472 where it isn't told. */
const vxlanPort = 4789
const vxlanHeaderLength = 8

const arpOperations = new Map<number, Arp['operation']>([
  [1, 'request'],
  [2, 'reply'],
])

const protocols = new Map<number, Ip['protocol']>([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmp6'],
])

const fragmentHeader = 44
/** Hop-by-hop options, routing, fragment, destination options. */
const extensionHeaders = new Set([0, 43, fragmentHeader, 60])

const icmpTypes = new Map<number, string>([
  [0, 'echo-reply'],
  [3, 'destination-unreachable'],
  [5, 'redirect'],
  [8, 'echo-request'],
  [11, 'time-exceeded'],
  [12, 'parameter-problem'],
])

const icmp6Types = new Map<number, string>([
  [1, 'destination-unreachable'],
  [2, 'packet-too-big'],
  [3, 'time-exceeded'],
  [4, 'parameter-problem'],
  [128, 'echo-request'],
  [129, 'echo-reply'],
  [133, 'router-solicitation'],
  [134, 'router-advertisement'],
  [135, 'neighbour-solicitation'],
  [136, 'neighbour-advertisement'],
  [143, 'multicast-listener-report'],
])

const errorTypes = new Set<string | number>([
  'destination-unreachable',
  'redirect',
  'time-exceeded',
  'parameter-problem',
  'packet-too-big',
])

const tcpFlags: Tcp['flags'] = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR']

function protocolOf(number: number): Ip['protocol'] {
  return protocols.get(number) ?? number
}

function macAt(bytes: Uint8Array, start: number): string {
  return [...bytes.subarray(start, start + 6)].map(octet => octet.toString(16).padStart(2, '0')).join(':')
}

function ipv4At(bytes: Uint8Array, start: number): string {
  return bytes.subarray(start, start + 4).join('.')
}

/** As RFC 5952 writes it: the longest run of two or more zero groups shortened, the first of equals. */
function ipv6At(bytes: Uint8Array, start: number): string {
  const view = viewOf(bytes)
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(start + 2 * index).toString(16))
  let longest = { start: 0, length: 1 }
  for (let first = 0; first < 8; first++) {
    let length = 0
    while (groups[first + length] === '0') length++
    if (length > longest.length) longest = { start: first, length }
  }
  if (longest.length < 2) return groups.join(':')
  return `${groups.slice(0, longest.start).join(':')}::${groups.slice(longest.start + longest.length).join(':')}`
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
