/** One record of a pcap file. */
export interface Packet {
  /** Nanoseconds since 1970. */
  time: bigint
  /** Octets on the wire; `bytes` may be fewer. */
  length: number
  bytes: Uint8Array
}

/** What a pcap file holds. */
export interface Pcap {
  /** As in pcap-linktype(7): 1 is Ethernet, 113 and 276 are Linux "cooked" frames of `any`. */
  linkType: number
  packets: Packet[]
}

/** What cannot be a pcap file. */
export class PcapError extends Error {
  override readonly name = 'PcapError'
}

/** Reads a pcap file, as whole as it is: a record cut off at its end is left out. Throws a PcapError when it's no pcap file. */
export function readPcap(bytes: Uint8Array): Pcap {
  const reader = pcapReader()
  const packets = reader.push(bytes)
  if (reader.linkType === undefined)
    throw new PcapError(`no pcap file: its header is cut off after ${bytes.length} octets`)
  return { linkType: reader.linkType, packets }
}

/** Reads pcap as it comes, in pieces of any size. */
export interface PcapReader {
  /** Known once the file's header has come. */
  readonly linkType: number | undefined
  /** The records that this piece made whole. */
  push(piece: Uint8Array): Packet[]
}

/** A reader for one pcap stream; either byte order, microseconds or nanoseconds. */
export function pcapReader(): PcapReader {
  let held = new Uint8Array()
  let header: Header | undefined
  return {
    get linkType() {
      return header?.linkType
    },
    push(piece) {
      held = Buffer.concat([held, piece])
      if (header === undefined) {
        if (held.length < headerLength) return []
        header = readHeader(held)
        held = held.subarray(headerLength)
      }
      const packets: Packet[] = []
      for (;;) {
        const record = readRecord(held, header)
        if (record === undefined) return packets
        packets.push(record.packet)
        held = held.subarray(record.end)
      }
    },
  }
}

const headerLength = 24
const recordHeaderLength = 16
// More than any snaplen that tcpdump takes: a longer record means that this is no pcap, or not from its beginning.
const longestRecord = 1 << 20

interface Header {
  linkType: number
  littleEndian: boolean
  /** Nanoseconds in one unit of a record's fraction. */
  unit: bigint
}

const magics: ReadonlyArray<{ magic: number; unit: bigint }> = [
  { magic: 0xa1b2c3d4, unit: 1000n },
  { magic: 0xa1b23c4d, unit: 1n },
]

function readHeader(bytes: Uint8Array): Header {
  const view = viewOf(bytes)
  for (const littleEndian of [true, false]) {
    const found = magics.find(({ magic }) => magic === view.getUint32(0, littleEndian))
    // The upper bits of the link type say whether frames end in a checksum; tcpdump's don't.
    if (found) return { littleEndian, unit: found.unit, linkType: view.getUint32(20, littleEndian) & 0xffff }
  }
  throw new PcapError(`no pcap file: it begins with 0x${view.getUint32(0).toString(16).padStart(8, '0')}`)
}

function readRecord(bytes: Uint8Array, { littleEndian, unit }: Header): { packet: Packet; end: number } | undefined {
  if (bytes.length < recordHeaderLength) return undefined
  const view = viewOf(bytes)
  const captured = view.getUint32(8, littleEndian)
  if (captured > longestRecord) throw new PcapError(`a pcap record of ${captured} octets can't be`)
  const end = recordHeaderLength + captured
  if (bytes.length < end) return undefined
  const time = BigInt(view.getUint32(0, littleEndian)) * 1_000_000_000n + BigInt(view.getUint32(4, littleEndian)) * unit
  return {
    packet: { time, length: view.getUint32(12, littleEndian), bytes: bytes.slice(recordHeaderLength, end) },
    end,
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
