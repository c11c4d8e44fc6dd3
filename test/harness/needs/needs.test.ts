import { expect } from 'chai'
import { checkNeeds, featuresOf, type Needs, unmet } from '../../../harness/needs/needs.ts'

const offer = { missing: ['ip_vs', 'esp4'] as const, engine: '26.1.5+dfsg1', backend: 'nft' }

describe('what a lab needs', () => {
  it('is met, or the machine lacks something of it', () => {
    expect(unmet({}, offer)).to.equal(undefined)
    expect(unmet({ kernel: ['vxlan'], engine: '>=26' }, offer)).to.equal(undefined)
    expect(unmet({ kernel: ['vxlan', 'ip_vs'] }, offer)).to.equal('the kernel has no ip_vs')
    expect(unmet({ kernel: ['esp4', 'ip_vs'] }, offer)).to.equal('the kernel has no esp4 and no ip_vs')
    expect(unmet({ backend: 'nft' }, offer)).to.equal(undefined)
    expect(unmet({ backend: 'legacy' }, offer)).to.equal('iptables is nft, and not legacy')
    expect(unmet({ engine: '<26' }, offer)).to.equal('the engine is 26.1.5+dfsg1, and not <26')
    expect(unmet({ kernel: ['esp4'], engine: '>=28' }, offer)).to.equal(
      'the kernel has no esp4; the engine is 26.1.5+dfsg1, and not >=28',
    )
  })

  it('of an engine is not met where there is none', () => {
    expect(unmet({ engine: '>=26' }, { missing: [], engine: null, backend: null })).to.equal('there is no engine')
    expect(unmet({ backend: 'nft' }, { missing: [], engine: null, backend: null })).to.equal('there is no iptables')
    expect(unmet({}, { missing: [], engine: null, backend: null })).to.equal(undefined)
  })

  it('is asked of the kernel once', () => {
    const all: Needs[] = [{}, { kernel: ['dummy', 'vrf'] }, { kernel: ['vrf', 'vxlan'], engine: '>=26' }]
    expect(featuresOf(all)).to.deep.equal(['dummy', 'vrf', 'vxlan'])
  })

  it('is refused when nobody can say whether it is there', () => {
    expect(() => checkNeeds({ kernel: ['ipvs'] } as unknown as Needs)).to.throw(/for ipvs: name of .*ip_vs/)
    expect(() => checkNeeds({ engine: '28' } as unknown as Needs)).to.throw("no engine's version is 28: write <28")
    expect(() => checkNeeds({ backend: 'nf_tables' } as unknown as Needs)).to.throw('name nft or legacy')
    checkNeeds({ kernel: ['ip_vs'], engine: '>=26.1', backend: 'nft' })
  })
})
