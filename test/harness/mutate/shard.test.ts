import { expect } from 'chai'
import { labsOfShard } from '../../../harness/mutate/shard.ts'
import { findLabs } from '../../../harness/run/registry.ts'

describe('labs broken on purpose, in shards', () => {
  const split = async (of: number) => {
    const labs = await findLabs()
    return await Promise.all(Array.from({ length: of }, (_, i) => labsOfShard(labs, { index: i + 1, of })))
  }

  it('are all of them, each in one shard: it is learnt there alone how it can be broken', async () => {
    const labs = await findLabs()
    for (const number of [1, 2, 8, 50]) {
      const names = (await split(number)).flat().map(({ name }) => name)
      expect(names.toSorted()).to.deep.equal(labs.map(({ name }) => name).toSorted())
    }
  })

  it('are spread by how long they take, and not by how many they are', async () => {
    const counts = (await split(8)).map(shard => shard.length)
    expect(Math.min(...counts)).to.be.at.least(1)
    // The one with the most mutations, and the longest, is alone or nearly so.
    const withForms = (await split(8)).find(shard => shard.some(({ name }) => name === 'publish-forms'))
    expect(withForms).to.have.length.below(Math.max(...counts))
  })
})
