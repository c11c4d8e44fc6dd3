import { expect } from 'chai'
import type { Evidence, Seen } from '../../../harness/ledger/evidence.ts'
import { patch, upgradesOf } from '../../../harness/ledger/upgrades.ts'

const changed = [{ since: 28, of: 'names' as const, says: 'It is so' }]
const seenOn = (on: string[], ...texts: string[]): Seen => ({
  on,
  commands: [],
  expectations: texts.map(one => {
    const [text = '', saw = 'so'] = one.split(/: (?=\d)/)
    return { text, saw }
  }),
})
const evidence = (...seen: Seen[]): Evidence[] => [
  { lab: 'a-lab', steps: [{ number: 3, title: 'step 3', changed, seen }] },
]
const patches = (...seen: Seen[]) => upgradesOf(evidence(...seen)).map(patch)

describe('what an upgrade changed', () => {
  it('is shown by what was true on the last engine before and not since, and the other way round', () => {
    const seen = [
      seenOn(['20.10 nft'], 'oldest'),
      seenOn(['26.1 nft'], 'both', 'old'),
      seenOn(['28.5 nft'], 'both', 'a', 'b'),
    ]
    expect(patches(...seen)).to.deep.equal([['- 26.1  old', '+ 28.5  a', '+ 28.5  b']])
    expect(upgradesOf(evidence(...seen))[0]).to.deep.include({ ...changed[0], lab: 'a-lab', step: 3 })
  })

  it('is what was seen where both were asked the same', () => {
    expect(patches(seenOn(['26.1 nft'], 'one', 'two: 2'), seenOn(['28.5 nft'], 'one', 'two: 3'))).to.deep.equal([
      ['- 26.1  two: 2', '+ 28.5  two: 3'],
    ])
    expect(patches(seenOn(['26.1 nft'], 'one: 1'), seenOn(['28.5 nft'], 'one: 2', 'more'))).to.deep.equal([
      ['+ 28.5  more'],
    ])
  })

  it('is told in short: on one line, without witnesses, and of equal values the value', () => {
    const asked = 'ping should not answer, with { ip: {} } as the witness that it was asked'
    expect(patches(seenOn(['26.1 nft'], asked, 'a\n  b'), seenOn(['28.5 nft'], 'expected 1 to equal 1'))).to.deep.equal(
      [['- 26.1  ping should not answer', '- 26.1  a b', '+ 28.5  1']],
    )
  })

  it('is told of engines of both kinds only, and of iptables-nft where both backends were seen', () => {
    expect(patches(seenOn(['20.10 nft', '26.1 nft'], 'old'))).to.deep.equal([])
    expect(patches(seenOn(['28.5 nft'], 'new'))).to.deep.equal([])
    const both = [
      seenOn(['26.1 legacy', '28.5 legacy'], 'other'),
      seenOn(['26.1 nft'], 'old'),
      seenOn(['28.5 nft'], 'new'),
    ]
    expect(patches(...both)).to.deep.equal([['- 26.1  old', '+ 28.5  new']])
  })
})
