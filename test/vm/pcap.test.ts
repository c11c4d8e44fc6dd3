import { expect } from 'chai'
import { PcapError, pcapReader, readPcap } from '../../vm/pcap.ts'
import { suites } from '../../vm/suite.ts'
import { pcapFile } from '../harness/capture/recorded.ts'

/** The same file as a machine of the other byte order writes it. */
function swapped(file: Buffer): Buffer {
  const out = Buffer.from(file)
  const swap = (start: number, length: number) => out.subarray(start, start + length).reverse()
  for (const [start, length] of [
    [0, 4],
    [4, 2],
    [6, 2],
    [8, 4],
    [12, 4],
    [16, 4],
    [20, 4],
  ] as const)
    swap(start, length)
  for (let at = 24; at < file.length; ) {
    for (const field of [0, 4, 8, 12]) swap(at + field, 4)
    at += 16 + file.readUInt32LE(at + 8)
  }
  return out
}

describe('pcap', () => {
  for (const suite of suites) {
    it(`is read with microseconds and with nanoseconds, from ${suite}'s tcpdump`, () => {
      const { packets, linkType } = readPcap(pcapFile(suite, 'routed-ping'))
      expect(linkType).to.equal(1)
      expect(packets).to.have.length(4)
      expect(
        packets.every(({ time, length, bytes }) => time % 1000n === 0n && length === 98 && bytes.length === 98),
      ).to.equal(true)
      const fine = readPcap(pcapFile(suite, 'nanoseconds'))
      expect(fine.packets.some(({ time }) => time % 1000n !== 0n)).to.equal(true)
      // Both were recorded in the same minute.
      expect(Number((fine.packets[0]?.time ?? 0n) - (packets[0]?.time ?? 0n)) / 1e9).to.be.within(0, 60)
    })

    it(`tells the link type of a cooked capture from ${suite}`, () => {
      expect(readPcap(pcapFile(suite, 'any')).linkType).to.equal(276)
      expect(readPcap(pcapFile(suite, 'any-sll')).linkType).to.equal(113)
    })
  }

  const file = pcapFile('trixie', 'http')

  it('is the same in either byte order', () => {
    for (const name of ['http', 'nanoseconds']) {
      expect(readPcap(swapped(pcapFile('trixie', name)))).to.deep.equal(readPcap(pcapFile('trixie', name)))
    }
  })

  it('is the same in pieces of any size', () => {
    const whole = readPcap(file)
    for (const size of [1, 7, 16, 24, 100]) {
      const reader = pcapReader()
      const packets = []
      for (let at = 0; at < file.length; at += size) packets.push(...reader.push(file.subarray(at, at + size)))
      expect({ linkType: reader.linkType, packets }).to.deep.equal(whole)
    }
  })

  it('may be cut off in mid-packet: the whole ones are read', () => {
    expect(readPcap(file.subarray(0, -1)).packets).to.have.length(readPcap(file).packets.length - 1)
    expect(readPcap(file.subarray(0, 24)).packets).to.deep.equal([])
  })

  it('is refused when it is something else', () => {
    expect(() => readPcap(Buffer.from('tcpdump: br01: No such device exists\n'))).to.throw(
      PcapError,
      'begins with 0x74637064',
    )
    expect(() => readPcap(file.subarray(0, 10))).to.throw(PcapError, 'cut off after 10')
    const impossible = Buffer.from(file)
    impossible.writeUInt32LE(0x7fffffff, 24 + 8)
    expect(() => readPcap(impossible)).to.throw(PcapError, "can't be")
  })
})
