import { expect } from 'chai'
import { FramingError, framed, frameReader } from '../../../../vm/providers/qemu/framing.ts'

const frames = [60, 14, 1514, 69_632].map((length, index) => Buffer.alloc(length, index + 1))
const stream = Buffer.concat(frames.map(framed))

describe('frames in a stream', () => {
  it('are told whole, however the stream is cut', () => {
    for (const size of [1, 3, 4, 5, 63, 64, 1000, stream.length]) {
      const reader = frameReader()
      const read: Uint8Array[] = []
      for (let at = 0; at < stream.length; at += size) read.push(...reader.push(stream.subarray(at, at + size)))
      expect(Buffer.concat(read).equals(Buffer.concat(frames)), `pieces of ${size}`).to.equal(true)
      expect(read.map(({ length }) => length)).to.deep.equal(frames.map(({ length }) => length))
    }
  })

  it('of a length that none can have are refused', () => {
    for (const length of [0, 13, 69_633, 0xffffffff]) {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(length)
      expect(() => frameReader().push(bytes)).to.throw(FramingError, `${length} octets`)
    }
  })
})
