import { expect } from 'chai'
import { neighbours } from '../../../harness/looks/neighbour.ts'
import { suites } from '../../../vm/suite.ts'
import { seen } from './recorded.ts'

describe('neighbours', () => {
  for (const suite of suites) {
    it(`are told with MAC and state, those who never answered without a MAC, on ${suite}`, () => {
      const known = seen(suite, 'neighbours', neighbours('br01'))
      expect(known).to.have.deep.members([
        { address: '192.168.88.12', link: 'br01', mac: '02:00:00:00:02:01', state: 'REACHABLE' },
        { address: '192.168.88.77', link: 'br01', mac: '02:00:00:00:77:77', state: 'PERMANENT' },
        { address: '192.168.88.99', link: 'br01', state: 'FAILED' },
      ])
      expect(seen(suite, 'neighbours', neighbours('eth0'))).to.deep.equal([])
    })
  }
})
