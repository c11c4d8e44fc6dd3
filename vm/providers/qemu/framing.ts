/** What comes from QEMU can't be a stream of frames. */
export class FramingError extends Error {
  override readonly name = 'FramingError'
}

// An Ethernet header without anything behind it, and the most that QEMU holds for one frame (NET_BUFSIZE).
const shortestFrame = 14
const longestFrame = 4096 + 65536
const lengthOctets = 4

/** Takes a stream of frames apart, each behind its length (QEMU's `netdev stream`: 32 bits, big-endian), in pieces of any size. */
export interface FrameReader {
  /** The frames that this piece made whole. Throws a FramingError for a length that none can have: all after it is lost. */
  push(piece: Uint8Array): Uint8Array[]
}

/** A reader for one stream. */
export function frameReader(): FrameReader {
  let pieces: Uint8Array[] = []
  let held = 0
  // Octets without which nothing more can be told: put together only then.
  let needed = lengthOctets
  return {
    push(piece) {
      pieces.push(piece)
      held += piece.length
      if (held < needed) return []
      const bytes = Buffer.concat(pieces)
      const frames: Uint8Array[] = []
      let start = 0
      for (;;) {
        needed = lengthOctets
        if (held - start < needed) break
        const length = bytes.readUInt32BE(start)
        if (length < shortestFrame || length > longestFrame)
          throw new FramingError(`a frame of ${length} octets can't be`)
        needed += length
        if (held - start < needed) break
        frames.push(bytes.subarray(start + lengthOctets, start + needed))
        start += needed
      }
      pieces = [bytes.subarray(start)]
      held -= start
      return frames
    },
  }
}

/** A frame as QEMU reads it: its length, then its octets. */
export function framed(frame: Uint8Array): Buffer {
  const length = Buffer.alloc(lengthOctets)
  length.writeUInt32BE(frame.length)
  return Buffer.concat([length, frame])
}
