import { expect } from 'chai'
import { addresses } from '../../../harness/looks/address.ts'
import { suites } from '../../../vm/suite.ts'
import { seen } from './recorded.ts'

describe('addresses', () => {
  for (const suite of suites) {
    it(`are told with family, scope and interface, the second of a subnet as secondary, on ${suite}`, () => {
      expect(seen(suite, 'addresses', addresses('br01'))).to.deep.equal([
        { family: 'inet', address: '192.168.88.1', prefixLength: 24, link: 'br01', scope: 'global' },
        { family: 'inet', address: '192.168.88.2', prefixLength: 24, link: 'br01', scope: 'global', secondary: true },
        { family: 'inet6', address: 'fe80::ff:fe00:100', prefixLength: 64, link: 'br01', scope: 'link' },
      ])
      const all = seen(suite, 'addresses', addresses())
      expect(all.map(({ link }) => link)).to.include.members(['lo', 'eth0', 'br01'])
      expect(seen(suite, 'addresses', addresses('br99'))).to.deep.equal([])
    })
  }
})
