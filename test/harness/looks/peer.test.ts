import { expect } from 'chai'
import { type LinkEnd, paired, peer } from '../../../harness/looks/peer.ts'
import { suites } from '../../../vm/suite.ts'
import { seen } from './recorded.ts'

describe('peer', () => {
  for (const suite of suites) {
    describe(`on ${suite}`, () => {
      const guest = (name: string) => seen(suite, 'peers', peer(name))
      const ns01 = () => seen(suite, 'peers-of-ns01', peer('veth01'))
      const ns02 = () => seen(suite, 'peers-of-ns02', peer('veth02'))

      it('of a link lives in a netns that is told by inode and name', () => {
        expect(guest('br-veth01')).to.include({ peerNetnsName: 'ns01', peerNetns: ns01()?.netns })
        expect(ns01()).to.include({ netnsName: 'ns01', peerNetns: guest('br-veth01')?.netns })
      })

      it('of a link that has none in another netns lives in its own', () => {
        const near = guest('near')
        expect(near?.peerNetns).to.equal(near?.netns)
        expect(near).not.to.have.property('peerNetnsId')
      })

      it('is found in a netns that has no name, only a process', () => {
        const end = guest('in-guest')
        expect(end?.peerNetns).to.be.a('number').and.not.to.equal(end?.netns)
        expect(end).not.to.have.property('peerNetnsName')
      })

      it('is absent for what is no pair, and the whole is undefined for no link', () => {
        expect(guest('br01')).not.to.have.any.keys('iflink', 'peerNetns')
        expect(guest('unknown')).to.equal(undefined)
      })

      it('proves two ends paired across netns, in either order', () => {
        expect(paired(guest('br-veth01'), ns01()).paired).to.equal(true)
        expect(paired(ns02(), guest('br-veth02')).paired).to.equal(true)
        expect(paired(guest('near'), guest('far')).paired).to.equal(true)
      })

      it('tells why two ends are not paired', () => {
        expect(paired(ns01(), guest('br-veth02'))).to.deep.equal({
          paired: false,
          why: 'veth01 points at ifindex 4, but br-veth02 has ifindex 6',
        })
        expect(paired(guest('br01'), ns01())).to.deep.equal({ paired: false, why: 'br01 has no peer' })
        expect(paired(undefined, ns01())).to.deep.equal({ paired: false, why: "the first end isn't there" })
      })
    })
  }

  describe('that only seems to be one', () => {
    const a: LinkEnd = {
      name: 'a',
      ifindex: 5,
      iflink: 4,
      netns: 100,
      netnsName: 'ns01',
      peerNetnsId: 0,
      peerNetns: 200,
    }
    const b: LinkEnd = {
      name: 'b',
      ifindex: 4,
      iflink: 5,
      netns: 200,
      peerNetnsId: 1,
      peerNetns: 100,
      peerNetnsName: 'ns01',
    }

    it('has the right numbers in the wrong netns: ifindexes repeat from netns to netns', () => {
      expect(paired(a, b).paired).to.equal(true)
      expect(paired(a, { ...b, netns: 300, netnsName: 'ns02' })).to.deep.equal({
        paired: false,
        why: "a's peer lives in netns 200, but b in netns ns02 (300)",
      })
      expect(paired(a, { ...b, peerNetns: 300 }).paired).to.equal(false)
    })

    it('lives in a netns that cannot be seen', () => {
      const { peerNetns: _, ...unseen } = a
      expect(paired(unseen, b).why).to.equal("the netns of a's peer (id 0) is none that the guest can see")
    })
  })
})
