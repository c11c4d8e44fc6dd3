import { expect } from 'chai'
import { peersInHosts, wiringOf } from '../../../harness/run/wiring.ts'

describe('the wiring of a lab', () => {
  it('is one machine without a name, unless it asks for more', () => {
    expect(wiringOf({})).to.deep.equal({ machines: [null], segments: [] })
  })

  it('is one segment of all machines, if it names none', () => {
    const { machines, segments } = wiringOf({ machines: ['alpha', 'beta'] })
    expect(machines).to.deep.equal(['alpha', 'beta'])
    expect(segments).to.deep.equal([
      {
        name: 'segment',
        ends: [
          { machine: 'alpha', number: 1, mac: '02:00:00:00:01:01', address: '172.16.1.1/24' },
          { machine: 'beta', number: 1, mac: '02:00:00:00:01:02', address: '172.16.1.2/24' },
        ],
      },
    ])
  })

  it('gives a machine one link for each of its segments, and the same number on each', () => {
    const { segments } = wiringOf({
      machines: ['alpha', 'beta', 'gamma'],
      segments: { west: ['alpha', 'beta'], east: ['beta', 'gamma'] },
    })
    const ends = segments.flatMap(({ name, ends }) =>
      ends.map(({ machine, number, address }) => `${name}: ${machine} eth${number} ${address}`),
    )
    expect(ends).to.deep.equal([
      'west: alpha eth1 172.16.1.1/24',
      'west: beta eth1 172.16.1.2/24',
      'east: beta eth2 172.16.2.2/24',
      'east: gamma eth1 172.16.2.3/24',
    ])
    expect(peersInHosts('alpha', segments)).to.equal('172.16.1.2 beta\n')
    expect(peersInHosts('beta', segments)).to.equal('172.16.1.1 alpha\n172.16.2.3 gamma\n')
  })

  it('with names that can’t be is refused in words', () => {
    const refused = (asked: Parameters<typeof wiringOf>[0], words: RegExp) =>
      expect(() => wiringOf(asked)).to.throw(Error, words)
    refused({ machines: ['alpha'] }, /fewer than two/)
    refused({ machines: ['alpha', 'alpha'] }, /two machines or segments are called alpha/)
    refused({ machines: ['alpha', 'segment'] }, /two machines or segments are called segment/)
    refused({ machines: ['alpha', 'Beta'] }, /nothing can be called Beta: at most 15 lower-case/)
    refused({ machines: ['alpha', 'look'] }, /nothing can be called look/)
    refused({ machines: ['alpha', 'a-name-that-is-too-long'] }, /nothing can be called/)
    refused({ machines: ['alpha', 'beta'], segments: { wire: ['alpha', 'gamma'] } }, /wire joins gamma/)
    refused({ segments: { wire: ['alpha', 'beta'] } }, /name the machines too/)
  })
})
