import { expect } from 'chai'
import { cellMeant, cellsMeant } from '../../../harness/cli/cells.ts'
import { labsJudging } from '../../../harness/cli/only.ts'
import { findLabs } from '../../../harness/run/registry.ts'
import { HostError } from '../../../vm/errors.ts'

const inWords = (flags: Parameters<typeof cellsMeant>[0]) =>
  cellsMeant(flags).map(({ suite, backend, on }) => `${suite} ${backend}${on === 'auto' ? '' : ` ${on}`}`)

describe('the kinds of machine that a command line means', () => {
  it('are one unless it says otherwise, and each suite with each backend that it names', () => {
    expect(inWords({})).to.deep.equal(['trixie nft'])
    expect(inWords({ suite: 'forky', backend: 'legacy' })).to.deep.equal(['forky legacy'])
    expect(inWords({ suite: 'bookworm, forky,forky' })).to.deep.equal(['bookworm nft', 'forky nft'])
  })

  it('are all with --matrix, but for what is narrowed', () => {
    const all = ['bookworm nft', 'bookworm legacy', 'trixie nft', 'trixie legacy', 'forky nft', 'forky legacy']
    expect(inWords({ matrix: true })).to.deep.equal(all)
    expect(inWords({ matrix: true, backend: 'nft' })).to.deep.equal(['bookworm nft', 'trixie nft', 'forky nft'])
    expect(inWords({ matrix: true, suite: 'trixie' })).to.deep.equal(['trixie nft', 'trixie legacy'])
  })

  it('are each with every provider that is named', () => {
    expect(inWords({ on: 'qemu' })).to.deep.equal(['trixie nft qemu'])
    expect(inWords({ suite: 'trixie,forky', on: 'sandbox, qemu,sandbox' })).to.deep.equal([
      ...['trixie nft sandbox', 'trixie nft qemu', 'forky nft sandbox', 'forky nft qemu'],
    ])
    expect(inWords({ matrix: true, on: 'sandbox,qemu' })).to.have.length(12)
    expect(() => cellMeant({ on: 'sandbox,qemu' })).to.throw(HostError, 'one machine is of one suite')
  })

  it('are refused where a name isn’t known, or one is wanted and several are named', () => {
    expect(() => cellsMeant({ suite: 'trixi' })).to.throw(HostError, 'there is no suite "trixi"')
    expect(() => cellsMeant({ backend: 'nftables' })).to.throw(HostError, 'there is no backend "nftables"')
    expect(() => cellMeant({ suite: 'trixie,forky' })).to.throw(HostError, 'one machine is of one suite')
  })
})

describe('--only', () => {
  it('means the labs that judge a claim, or one of a document’s', async () => {
    const labs = await findLabs()
    const named = async (ids: string) => (await labsJudging(ids, labs)).map(({ name }) => name)
    expect(await named('S001-13')).to.deep.equal(['bridge-nat'])
    expect(await named('s001-13,S000-22')).to.deep.equal(['bridge-nat', 'publish-port'])
    expect(await named('S000')).to.include.members(['docker0', 'ifindex-pairing', 'publish-port'])
    const refused = await labsJudging('S009', labs).catch((error: HostError) => error)
    expect(refused).to.be.instanceOf(HostError)
  })
})
