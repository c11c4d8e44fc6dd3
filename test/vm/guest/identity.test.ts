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
      'guest address',
      'outside address',
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
    const macs = linesOf(request).flatMap(line => /^\w+ link set (\w+) address (\S+)$/.exec(line)?.slice(1) ?? [])
    const [eth0, lan0, docker0] = ['eth0', 'lan0', 'docker0'].map(link => macs[macs.indexOf(link) + 1])
    for (const mac of [eth0, lan0]) expect(mac).to.match(/^.[26ae](:[0-9a-f]{2}){5}$/)
    expect(docker0).to.match(/^02:42(:[0-9a-f]{2}){4}$/)
  })

  it('gives a link the IPv6 address that the kernel makes of its MAC', () => {
    // As `ip address` showed them in test/fixtures/bookworm.
    expect(linkLocal(Buffer.from('328b1fc2dcce', 'hex'))).to.equal('fe80::308b:1fff:fec2:dcce')
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

function wordsOf(word: string): string[] {
  return (
    linesOf(request)
      .find(line => line.startsWith(`${word} `))
      ?.split(' ')
      .slice(1) ?? []
  )
}
