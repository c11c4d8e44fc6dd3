import { expect } from 'chai'
import { link, links } from '../../../harness/looks/link.ts'
import { LookError } from '../../../harness/looks/probe.ts'
import { suites } from '../../../vm/suite.ts'
import { recording, seen } from './recorded.ts'

describe('link', () => {
  for (const suite of suites) {
    describe(`on ${suite}`, () => {
      const see = (name: string) => seen(suite, 'links', link(name))

      it('is a bridge with both its addresses', () => {
        expect(see('br01')).to.deep.equal({
          name: 'br01',
          ifindex: 3,
          kind: 'bridge',
          state: 'UP',
          up: true,
          flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
          mtu: 1500,
          mac: '02:00:00:00:01:00',
          addresses: ['192.168.88.1/24', '192.168.88.2/24', 'fe80::ff:fe00:100/64'],
        })
      })

      it("is a bridge's port whose peer lives in another netns", () => {
        const port = see('br-veth01')
        const end = seen(suite, 'links-of-ns01', link('veth01'))
        expect(port).to.include({ kind: 'veth', master: 'br01', iflink: end?.ifindex })
        expect(port?.peerNetnsId).to.be.a('number')
        expect(end).to.include({ iflink: port?.ifindex, peerNetnsId: 0 })
        expect(end).not.to.have.property('master')
      })

      it('finds the ifindex of a peer that lives in the same netns, which is told by name only', () => {
        expect(see('near')?.iflink).to.equal(see('far')?.ifindex)
        expect(see('far')?.iflink).to.equal(see('near')?.ifindex)
        expect(see('near')).not.to.have.property('peerNetnsId')
      })

      it('is down while nobody switched it on', () => {
        expect(see('near')).to.include({ up: false, state: 'DOWN' })
        expect(see('lo')).to.include({ up: true, state: 'UNKNOWN' })
        // Switched on, though there's no carrier.
        expect(see('vend')).to.include({ up: true, state: 'LOWERLAYERDOWN' })
      })

      it('is undefined where there is none of that name', () => {
        expect(see('br99')).to.equal(undefined)
        expect(see('br0')).to.equal(undefined)
      })

      it('comes in a list by ifindex', () => {
        const all = seen(suite, 'links', links())
        expect(all.map(({ name }) => name)).to.include.members(['lo', 'eth0', 'br01', 'vxlan100'])
        expect(all.map(({ ifindex }) => ifindex)).to.deep.equal(all.map(({ ifindex }) => ifindex).sort((a, b) => a - b))
      })
    })
  }

  it('throws a LookError that quotes what the tool said', () => {
    const failed = { exitCode: 127, signal: null, stdout: '', stderr: 'sh: 1: ip: not found\n' }
    expect(() => link('br01').parse(failed)).to.throw(LookError, 'link br01: exit code 127: sh: 1: ip: not found')
  })

  it('throws a LookError for what is not JSON', () => {
    const output = { ...recording('trixie', 'links'), stdout: '[{"ifindex":1,' }
    expect(() => link('br01').parse(output)).to.throw(LookError, /not JSON/)
  })
})
