import { expect } from 'chai'
import { conntrack } from '../../../harness/looks/conntrack.ts'
import { LookError } from '../../../harness/looks/probe.ts'
import { suites } from '../../../vm/suite.ts'
import { recorded } from '../iptables/recorded.ts'

const read = (stdout: string, more: { exitCode?: number; stderr?: string } = {}) =>
  conntrack().parse({ exitCode: 0, signal: null, stdout, stderr: '', ...more })

describe('the look for conntrack entries', () => {
  for (const suite of suites) {
    describe(`on ${suite}`, () => {
      const seen = read(recorded(`${suite}/conntrack/inet.txt`))
      const to = (port: number) => seen.find(({ original }) => original.destinationPort === port)

      it('tells both directions of a flow that is translated', () => {
        const entry = to(8080)
        expect(entry).to.deep.include({
          protocol: 'tcp',
          protocolNumber: 6,
          state: 'ESTABLISHED',
          assured: true,
          unreplied: false,
          mark: 7,
        })
        const port = entry?.original.sourcePort
        expect(port).to.be.a('number')
        expect(entry?.original).to.deep.equal({
          source: '192.0.2.1',
          destination: '198.51.100.1',
          sourcePort: port,
          destinationPort: 8080,
          packets: 2,
          bytes: 112,
        })
        expect(entry?.reply).to.deep.equal({
          source: '192.0.2.2',
          destination: '192.0.2.1',
          sourcePort: 80,
          destinationPort: port,
          packets: 1,
          bytes: 60,
        })
        expect(entry?.timeout).to.be.within(431_000, 432_000)
        expect(entry?.id).to.be.greaterThan(0)
      })

      it('tells what got no answer', () => {
        expect(to(81)).to.include({ protocol: 'tcp', state: 'SYN_SENT', unreplied: true, assured: false })
        expect(to(5354)).to.include({ protocol: 'udp', unreplied: true })
        expect(to(5354)).not.to.have.property('state')
        expect(to(5353)).to.include({ protocol: 'udp', unreplied: false })
      })

      it('tells a zone', () => {
        expect(to(9999)).to.include({ zone: 3 })
        expect(to(5353)).not.to.have.property('zone')
      })

      it("tells an ICMP echo's type, code and id, apart from the entry's id", () => {
        const echo = seen.find(({ protocol }) => protocol === 'icmp')
        expect(echo?.original).to.include({ type: 8, code: 0, packets: 2, bytes: 168 })
        expect(echo?.reply).to.include({ type: 0, code: 0, id: echo?.original.id })
        expect(echo?.id).not.to.equal(echo?.original.id)
        expect(echo?.original).not.to.have.property('sourcePort')
        const [echo6] = read(recorded(`${suite}/conntrack/inet6.txt`))
        expect(echo6).to.deep.include({ protocol: 'icmpv6', protocolNumber: 58 })
        expect(echo6?.original).to.include({ source: '2001:db8::1', destination: '2001:db8::2', type: 128 })
      })

      it('tells protocols without ports', () => {
        const others = seen.filter(({ protocolNumber }) => [47, 253].includes(protocolNumber))
        expect(others.map(({ protocol }) => protocol)).to.have.members(['gre', 'unknown'])
        for (const { original } of others) expect(original).to.include({ source: '192.0.2.1', packets: 1, bytes: 28 })
      })

      it('tells as many as conntrack counted', () => {
        for (const name of ['inet', 'inet6', 'filtered', 'none']) {
          const [, count] = /: (\d+) flow entries/.exec(recorded(`${suite}/conntrack/${name}.stderr`)) ?? []
          expect(read(recorded(`${suite}/conntrack/${name}.txt`))).to.have.lengthOf(Number(count))
        }
      })

      it('is an error when conntrack fails', () => {
        const stderr = recorded(`${suite}/conntrack/wrong.stderr`)
        expect(() => read('', { exitCode: 2, stderr })).to.throw(LookError, 'unsupported protocol')
      })
    })
  }

  it('tells packets and bytes only where the kernel counts them', () => {
    const text = recorded('trixie/conntrack/inet.txt').replaceAll(/ (packets|bytes)=\d+/g, '')
    for (const { original, reply } of read(text)) {
      expect(original).not.to.have.any.keys('packets', 'bytes')
      expect(reply).not.to.have.any.keys('packets', 'bytes')
    }
  })

  it('asks with the filters that were given', () => {
    const { script, title } = conntrack({ family: 'inet6', protocol: 'tcp', filter: ['--dport', '80 80'] })
    expect(script).to.match(/ \|\| conntrack -L -f ipv6 -o extended,id -p tcp --dport '80 80'$/)
    expect(title).to.equal('conntrack -p tcp --dport 80 80')
  })

  it('is an error when an entry is something else', () => {
    expect(() => read('hello\n')).to.throw(LookError, 'hello')
    expect(() => read('ipv4 2 tcp 6 30 src=10.0.0.1 dst=10.0.0.2\n')).to.throw(LookError, 'not an entry')
  })
})
