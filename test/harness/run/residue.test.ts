import { expect } from 'chai'
import { compare, judgeResidue } from '../../../harness/run/residue.ts'

describe('residue', () => {
  it('of any kind is named', () => {
    expect(compare(['+ link br01'], []).message).to.match(/leaves the machine changed:\n\+ link br01/)
    expect(compare([], []).message).to.equal(undefined)
  })

  it('that the lab declares is expected, and missed when it stays away', () => {
    const leaves = [{ difference: /forwarding = 1/, because: 'the document forgets it' }]
    expect(compare(['+ sysctl net.ipv4.conf.all.forwarding = 1'], leaves).message).to.equal(undefined)
    expect(compare([], leaves).message).to.match(/the document forgets it/)
    expect(compare(['+ link br01', '+ sysctl forwarding = 1'], leaves).unexpected).to.deep.equal(['+ link br01'])
  })

  it('is looked at again, as a netns goes a moment after it was deleted', async () => {
    const seen = [['+ link veth01'], ['+ link veth01'], []]
    const verdict = await judgeResidue(async () => seen.shift() ?? [], [], 2000)
    expect(verdict.message).to.equal(undefined)
    expect((await judgeResidue(async () => ['+ link veth01'], [], 150)).unexpected).to.deep.equal(['+ link veth01'])
  })
})
