import { expect } from 'chai'
import { fdb } from '../../../harness/looks/fdb.ts'
import { suites } from '../../../vm/suite.ts'
import { seen } from './recorded.ts'

describe('FDB', () => {
  for (const suite of suites) {
    describe(`on ${suite}`, () => {
      it('tells own, learned and typed MACs apart', () => {
        const entries = seen(suite, 'fdb', fdb('br01')).filter(({ self }) => !self)
        expect(entries.map(({ mac, link, state }) => `${mac} ${link} ${state}`)).to.include.members([
          '02:00:00:00:01:02 br-veth01 permanent',
          '02:00:00:00:01:01 br-veth01 learned',
          '02:00:00:00:99:99 br-veth01 static',
          '02:00:00:00:02:01 br-veth02 learned',
        ])
        expect(entries.every(({ bridge }) => bridge === 'br01')).to.equal(true)
      })

      it("marks an interface's own list as such", () => {
        const own = seen(suite, 'fdb', fdb('br01')).filter(({ self }) => self)
        expect(own.map(({ mac }) => mac)).to.include('33:33:00:00:00:01')
        expect(own.every(({ link, bridge }) => link === 'br01' && bridge === undefined)).to.equal(true)
      })

      it('tells behind which VTEP a VXLAN finds a MAC', () => {
        expect(seen(suite, 'fdb', fdb('vxlan100'))).to.deep.include({
          mac: '02:00:00:00:66:66',
          link: 'vxlan100',
          state: 'permanent',
          self: true,
          remote: '203.0.113.9',
        })
      })
    })
  }
})
