import { expect } from 'chai'
import { linkLocal, makeIdentity } from '../../../vm/guest/identity.ts'

const request = { engine: true, keep: false, hostname: 'alpha' }

describe('the identity of a clone', () => {
  it('has nothing in common with another one but its name and the time', () => {
    const [one, other] = [linesOf(request), linesOf(request)]
    const common = one.filter(line => other.includes(line) && !line.startsWith('time '))
    expect(common.map(line => line.split(' ').slice(0, 2).join(' '))).to.deep.equal([
      'file /etc/hostname',
      'file /etc/hosts',
      'hostname alpha',
      'end',
    ])
  })

  it('tells the time in seconds and nanoseconds', () => {
    const before = Date.now()
    const [seconds, nanoseconds] = wordsOf('time').map(Number)
    const told = (seconds ?? 0) * 1000 + (nanoseconds ?? 0) / 1e6
    expect(told).to.be.within(before, Date.now())
  })

  it('gives each link a MAC of one station, administered locally, and docker0 one as its engine makes them', () => {
    for (const link of ['guest eth0', 'outside lan0']) expect(macOf(link)).to.match(/^.[26ae][0-9a-f]{10}$/)
    expect(macOf('guest docker0')).to.match(/^0242[0-9a-f]{8}$/)
  })

  it('gives an uplink the IPv6 address that follows from its MAC, and docker0 none', () => {
    const [, , mac = '', address] = wordsOf('link')
    expect(address).to.equal(linkLocal(Buffer.from(mac, 'hex')).toString('hex'))
    expect(linesOf(request).find(line => line.startsWith('link guest docker0 '))).to.match(/ \S{12}$/)
  })

  it('makes that address as the kernel does', () => {
    // As `ip address` showed them in test/fixtures/bookworm: fe80::308b:1fff:fec2:dcce.
    const address = linkLocal(Buffer.from('328b1fc2dcce', 'hex'))
    expect(address.toString('hex')).to.equal('fe80000000000000308b1ffffec2dcce')
  })

  it('leaves an engine alone where there is none', () => {
    expect(linesOf({ ...request, engine: false }).join('\n')).to.not.match(/^engine|docker/m)
  })

  it('says that the machine is kept, if it is', () => {
    expect(linesOf({ ...request, keep: true })).to.include('keep')
    expect(linesOf(request)).to.not.include('keep')
  })
})

function linesOf(options: typeof request): string[] {
  return makeIdentity(options).bytes.toString().trimEnd().split('\n')
}

function macOf(link: string): string | undefined {
  const line = linesOf(request).find(candidate => candidate.startsWith(`link ${link} `))
  return line?.split(' ')[3]
}

function wordsOf(word: string): string[] {
  return (
    linesOf(request)
      .find(line => line.startsWith(`${word} `))
      ?.split(' ')
      .slice(1) ?? []
  )
}
