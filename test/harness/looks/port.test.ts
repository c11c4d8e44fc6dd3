import { expect } from 'chai'
import { ports } from '../../../harness/looks/port.ts'
import { suites } from '../../../vm/suite.ts'
import { seen } from './recorded.ts'

describe('ports of a bridge', () => {
  for (const suite of suites) {
    it(`are told with their state and what they do, on ${suite}`, () => {
      const usual = { bridge: 'br01', state: 'forwarding', learning: true, flood: true, isolated: false }
      expect(seen(suite, 'ports', ports('br01'))).to.deep.equal([
        { name: 'br-veth01', ifindex: 4, hairpin: false, ...usual },
        { name: 'br-veth02', ifindex: 6, hairpin: true, ...usual },
      ])
    })

    it(`are only that bridge's, and none where there is no such bridge, on ${suite}`, () => {
      expect(seen(suite, 'ports', ports('br02')).map(({ name, state }) => [name, state])).to.deep.equal([
        ['vport', 'disabled'],
      ])
      expect(seen(suite, 'ports', ports('br0'))).to.deep.equal([])
    })
  }
})
