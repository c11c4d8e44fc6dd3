import { expect } from 'chai'
import { decode } from '../../../harness/capture/decode.ts'
import { type Packet, readPcap } from '../../../vm/pcap.ts'
import { suites } from '../../../vm/suite.ts'
import { framesOf, pcapFile } from './recorded.ts'

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))
const packet = (bytes: Uint8Array): Packet => ({ time: 0n, length: bytes.length, bytes })

describe('a captured frame', () => {
  for (const suite of suites) {
    describe(`of ${suite}`, () => {
      it('is an echo with addresses, TTL, id and sequence', () => {
        const [request, reply, second] = framesOf(suite, 'routed-ping')
        expect(request).to.deep.include({
          at: 'br01',
          length: 98,
          ethernet: { destination: '02:00:00:00:01:00', source: '02:00:00:00:01:01', type: 0x0800 },
        })
        expect(request?.ip).to.include({ version: 4, source: '192.168.88.11', destination: '114.114.114.114', ttl: 64 })
        expect(request?.ip).to.include({
          protocol: 'icmp',
          dontFragment: true,
          moreFragments: false,
          fragmentOffset: 0,
        })
        expect(request?.icmp).to.include({ type: 'echo-request', code: 0, sequence: 1 })
        // The reply comes from one hop away, and answers this very request.
        expect(reply?.ip).to.include({ source: '114.114.114.114', destination: '192.168.88.11', ttl: 63 })
        expect(reply?.icmp).to.deep.equal({ ...request?.icmp, type: 'echo-reply' })
        expect(second?.icmp?.sequence).to.equal(2)
        expect((second?.time ?? 0) - (request?.time ?? 0)).to.be.within(0.15, 1)
        expect(request?.text).to.equal(
          `IP 192.168.88.11 > 114.114.114.114: ICMP echo request, id ${request?.icmp?.id}, seq 1, ttl 64`,
        )
      })

      it('is an error and says about which packet', () => {
        const [, error] = framesOf(suite, 'ttl-exceeded')
        expect(error?.icmp).to.deep.equal({
          type: 'time-exceeded',
          code: 0,
          about: { source: '192.168.88.11', destination: '114.114.114.114', protocol: 'icmp' },
        })
        const [, refused] = framesOf(suite, 'udp')
        expect(refused?.icmp).to.include({ type: 'destination-unreachable', code: 3 })
        expect(refused?.icmp?.about?.protocol).to.equal('udp')
      })

      it('is a TCP segment with flags and the length of what it carries', () => {
        const segments = framesOf(suite, 'http').map(({ tcp }) => tcp)
        expect(segments[0]).to.deep.include({ destinationPort: 80, flags: ['SYN'], payloadLength: 0 })
        expect(segments[1]).to.deep.include({ sourcePort: 80, flags: ['SYN', 'ACK'], payloadLength: 0 })
        expect(segments[1]?.acknowledgement).to.equal((segments[0]?.sequence ?? 0) + 1)
        const request = segments.find(tcp => tcp?.destinationPort === 80 && tcp.payloadLength > 0)
        // GET / HTTP/1.1, Host, User-Agent, Accept
        expect(request?.flags).to.deep.equal(['PSH', 'ACK'])
        expect(request?.payloadLength).to.be.within(60, 100)
        expect(segments.some(tcp => tcp?.flags.includes('FIN'))).to.equal(true)
        expect(framesOf(suite, 'http')[0]?.text).to.match(
          /^IP 192\.168\.88\.11\.\d+ > 192\.168\.88\.1\.80: Flags \[SYN\], length 0, ttl 64$/,
        )
      })

      it('is a UDP datagram', () => {
        const [datagram] = framesOf(suite, 'udp')
        expect(datagram?.udp).to.include({ destinationPort: 9999, payloadLength: 'hello\n'.length })
        expect(datagram?.text).to.match(/^IP 192\.168\.88\.11\.\d+ > 192\.168\.88\.1\.9999: UDP, length 6, ttl 64$/)
      })

      it('is a fragment: only the first has the upper header', () => {
        const fragments = framesOf(suite, 'fragments').filter(({ ip }) => ip?.source === '192.168.88.1')
        expect(fragments.map(({ ip }) => [ip?.fragmentOffset, ip?.moreFragments])).to.deep.equal([
          [0, true],
          [1480, true],
          [2960, false],
        ])
        expect(fragments.map(({ icmp }) => icmp?.type)).to.deep.equal(['echo-reply', undefined, undefined])
        expect(fragments[1]?.text).to.equal('IP 192.168.88.1 > 192.168.88.11: fragment at 1480, ttl 64')
      })

      it('is IPv6 with neighbour discovery', () => {
        const frames = framesOf(suite, 'ipv6')
        expect(frames.map(({ icmp }) => icmp?.type)).to.include.members([
          'neighbour-solicitation',
          'neighbour-advertisement',
          'echo-request',
          'echo-reply',
        ])
        const request = frames.find(({ icmp }) => icmp?.type === 'echo-request')
        expect(request?.ip).to.deep.equal({
          version: 6,
          source: 'fd00:88::1',
          destination: 'fd00:88::11',
          ttl: 64,
          protocol: 'icmp6',
        })
      })

      it('is ARP, here behind a VLAN tag', () => {
        const frame = framesOf(suite, 'vlan').find(({ vlan }) => vlan !== undefined)
        expect(frame).to.deep.include({
          vlan: { id: 7, priority: 5 },
          arp: {
            operation: 'request',
            sender: { mac: '02:00:00:00:01:01', ip: '192.168.88.11' },
            target: { mac: '00:00:00:00:00:00', ip: '192.168.88.12' },
          },
          text: 'vlan 7, ARP, Request who-has 192.168.88.12 tell 192.168.88.11',
        })
        expect(frame?.ethernet?.type).to.equal(0x0806)
      })

      it('is a VXLAN datagram with its VNI, and the frame in it', () => {
        const frames = framesOf(suite, 'vxlan')
        const [asked, , request, reply] = frames
        expect(asked?.vxlan?.vni).to.equal(42)
        expect(asked?.vxlan?.inner).to.deep.include({
          length: 42,
          ethernet: { destination: 'ff:ff:ff:ff:ff:ff', source: '02:00:00:00:42:01', type: 0x0806 },
          text: 'ARP, Request who-has 192.168.42.2 tell 192.168.42.1',
        })
        expect(request?.ip).to.include({ source: '192.168.88.11', destination: '192.168.88.12', protocol: 'udp' })
        expect(request?.udp).to.include({ destinationPort: 4789, payloadLength: 8 + 98 })
        expect(request?.vxlan?.inner).to.deep.include({ length: 98 })
        expect(request?.vxlan?.inner.ip).to.include({ source: '192.168.42.1', destination: '192.168.42.2', ttl: 64 })
        // The answer travels in a datagram of its own, to the same port.
        expect(reply?.udp?.destinationPort).to.equal(4789)
        expect(reply?.vxlan?.inner.icmp).to.deep.equal({ ...request?.vxlan?.inner.icmp, type: 'echo-reply' })
        expect(request?.text).to.match(
          /^IP 192\.168\.88\.11\.\d+ > 192\.168\.88\.12\.4789: VXLAN, vni 42, ttl 64 \[IP 192\.168\.42\.1 > .* seq 1, ttl 64\]$/,
        )
      })

      it('of `any` tells the interface and the direction', () => {
        const frames = framesOf(suite, 'any').filter(({ icmp }) => icmp?.type === 'echo-request')
        // Out of br01 (3), and out of its port (4).
        expect(frames.map(({ ifindex, direction }) => [ifindex, direction])).to.deep.equal([
          [3, 'out'],
          [4, 'out'],
        ])
        expect(framesOf(suite, 'any').some(({ direction }) => direction === 'in')).to.equal(true)
        const older = framesOf(suite, 'any-sll')
        expect(older.map(({ icmp }) => icmp?.type)).to.include.members(['echo-request', 'echo-reply'])
        expect(older[0]).to.include({ direction: 'out' }).and.not.to.have.property('ifindex')
      })
    })
  }

  it('cut off anywhere is kept as raw and never throws', () => {
    for (const name of [
      'routed-ping',
      'http',
      'udp',
      'ttl-exceeded',
      'ipv6',
      'vlan',
      'any',
      'any-sll',
      'fragments',
      'vxlan',
    ]) {
      const { linkType, packets } = readPcap(pcapFile('trixie', name))
      for (const whole of packets) {
        for (let length = 0; length < Math.min(whole.bytes.length, 160); length++) {
          const frame = decode({ ...whole, bytes: whole.bytes.subarray(0, length) }, linkType, 'x')
          expect(frame.text).to.be.a('string').and.not.to.equal('')
        }
      }
    }
    const { packets } = readPcap(pcapFile('trixie', 'http'))
    const bytes = packets[0]?.bytes ?? new Uint8Array()
    const cut = decode({ time: 0n, length: bytes.length, bytes: bytes.subarray(0, 14 + 20 + 10) }, 1, 'x')
    expect(cut.ip).to.include({ protocol: 'tcp' })
    expect(cut).not.to.have.property('tcp')
    expect(cut.raw).to.equal(Buffer.from(bytes.subarray(34, 44)).toString('hex'))
  })

  it('of noise never throws, whatever the link type', () => {
    let seed = 1
    const random = () => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff
      return seed >> 16
    }
    for (let round = 0; round < 3000; round++) {
      const bytes = Uint8Array.from({ length: random() % 90 }, () => random() & 0xff)
      // Plausible at the start, so that noise gets past the first header.
      bytes.set(
        hex(['0800', '86dd', '0806', '8100'][round % 4] ?? '').subarray(0, Math.max(0, bytes.length - 12)),
        Math.min(12, bytes.length),
      )
      if (bytes.length > 14) bytes[14] = round % 4 === 0 ? 0x45 : 0x60
      for (const linkType of [1, 113, 276, 999]) decode(packet(bytes), linkType, 'x')
    }
  })

  it('of VXLAN cut off inside keeps what could be read', () => {
    const { packets } = readPcap(pcapFile('trixie', 'vxlan'))
    const bytes = packets[2]?.bytes ?? new Uint8Array()
    const cut = (length: number) => decode({ time: 0n, length: bytes.length, bytes: bytes.subarray(0, length) }, 1, 'x')
    // Ethernet, IP and UDP, but no whole VXLAN header.
    expect(cut(14 + 20 + 8 + 7)).not.to.have.property('vxlan')
    const inner = cut(14 + 20 + 8 + 8 + 14 + 10).vxlan?.inner
    expect(inner).to.include({ length: 98 }).and.not.to.have.property('ip')
    expect(inner?.raw).to.equal(Buffer.from(bytes.subarray(64, 74)).toString('hex'))
  })

  it('of VXLAN in VXLAN is read to the end; without a valid VNI it is plain UDP', () => {
    const udp = (payload: string) => {
      const length = (size: number) => size.toString(16).padStart(4, '0')
      const size = payload.length / 2
      return `ffffffffffff 020000000101 0800 4500 ${length(size + 28)} 0000 0000 40 11 0000 0a000001 0a000002
        1234 12b5 ${length(size + 8)} 0000 ${payload}`.replaceAll(/\s/g, '')
    }
    const innermost = '0180c2000000 020000000101 88cc 0207'.replaceAll(' ', '')
    const once = udp(`0800000000002a00${innermost}`)
    const twice = decode(packet(hex(udp(`080000000000ff00${once}`))), 1, 'x')
    expect(twice.vxlan?.vni).to.equal(255)
    expect(twice.vxlan?.inner.vxlan).to.deep.include({ vni: 42 })
    expect(twice.vxlan?.inner.vxlan?.inner.raw).to.equal('0207')
    const invalid = decode(packet(hex(udp(`0000000000002a00${innermost}`))), 1, 'x')
    expect(invalid.udp).to.include({ destinationPort: 4789 })
    expect(invalid).not.to.have.property('vxlan')
  })

  it('with a malformed header keeps it as raw', () => {
    const ethernet = 'ffffffffffff 020000000101 0800'
    const shortHeader = decode(packet(hex(`${ethernet} 44 00 0014 0000 0000 40 01 0000 0a000001 0a000002`)), 1, 'x')
    expect(shortHeader).to.not.have.property('ip')
    expect(shortHeader.raw).to.match(/^4400/)
    const arpOfAnotherKind = decode(
      packet(hex('ffffffffffff 020000000101 0806 0006 0800 06 04 0001 00000000000000000000000000000000000000')),
      1,
      'x',
    )
    expect(arpOfAnotherKind.raw).to.match(/^0006/)
  })

  it("leaves out Ethernet's padding", () => {
    const short = hex(
      'ffffffffffff 020000000101 0800 45 00 0015 0000 0000 40 fd 0000 0a000001 0a000002 aa 000000000000',
    )
    expect(decode(packet(short), 1, 'x').raw).to.equal('aa')
  })

  it('of a protocol unknown here is told by number', () => {
    const frame = decode(packet(hex('0180c2000000 020000000101 88cc 0207')), 1, 'x')
    expect(frame).to.deep.include({
      raw: '0207',
      text: '02:00:00:00:01:01 > 01:80:c2:00:00:00, ethertype 0x88cc, length 16',
    })
  })

  it('writes IPv6 addresses as RFC 5952 does', () => {
    const source = (address: string) =>
      decode(packet(hex(`ffffffffffff 020000000101 86dd 60000000 0000 3b 40 ${address} ${'00'.repeat(15)}01`)), 1, 'x')
        .ip
    expect(source('20010db8 00000000 00000000 00000001')).to.include({ source: '2001:db8::1', destination: '::1' })
    expect(source('20010db8 00000001 00010001 00010001')).to.include({ source: '2001:db8:0:1:1:1:1:1' })
    expect(source('20010db8 00000000 00010000 00000001')).to.include({ source: '2001:db8::1:0:0:1' })
    expect(source('00000000 00000000 00000000 00000000')).to.include({ source: '::' })
    expect(source('fe800000 00000000 00000000 00000000')).to.include({ source: 'fe80::' })
  })
})
