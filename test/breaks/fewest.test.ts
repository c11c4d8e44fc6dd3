import { expect } from 'chai'
import { fewest } from './fewest.ts'

/** The steps found where these suffice and whatever has them, and how often it was asked. */
async function found(of: number, needed: number[], enough: number[], tries = 100) {
  const all = Array.from({ length: of }, (_, i) => i + 1)
  const asked: number[][] = []
  const steps = await fewest(
    all,
    needed,
    async some => {
      asked.push(some)
      return enough.every(step => some.includes(step))
    },
    { tries },
  )
  return { steps, asked: asked.length, all: asked }
}

describe('the fewest steps that suffice', () => {
  it('are at best those that are needed', async () => {
    expect(await found(9, [4, 9], [9])).to.deep.include({ steps: [4, 9], asked: 1 })
    expect(await found(1, [1], [1])).to.deep.include({ steps: [1], asked: 0 })
  })

  it('often are these and the first, or the one before, or both', async () => {
    expect(await found(9, [9], [1, 9])).to.deep.include({ steps: [1, 9], asked: 2 })
    expect(await found(9, [9], [8, 9])).to.deep.include({ steps: [8, 9], asked: 3 })
    expect(await found(9, [9], [1, 8, 9])).to.deep.include({ steps: [1, 8, 9], asked: 4 })
  })

  it('are otherwise those of which none can be left out, wherever they are', async () => {
    expect((await found(20, [20], [3, 4, 11, 20])).steps).to.deep.equal([3, 4, 11, 20])
    expect((await found(7, [3], [2, 3, 5])).steps).to.deep.equal([2, 3, 5])
    expect((await found(3, [3], [1, 2, 3])).steps).to.deep.equal([1, 2, 3])
    expect((await found(6, [6], [1, 2, 3, 4, 5, 6])).steps).to.deep.equal([1, 2, 3, 4, 5, 6])
  })

  it('always have those that are needed', async () => {
    const { all } = await found(12, [5, 12], [2, 7, 12])
    for (const steps of all) expect(steps).to.include.members([5, 12])
  })

  it('are those found so far when the tries are used up, and always suffice', async () => {
    const { steps, asked } = await found(20, [20], [3, 4, 11, 20], 8)
    expect(asked).to.equal(8)
    expect(steps).to.include.members([3, 4, 11, 20])
    expect(steps.length).to.be.within(5, 19)
  })
})
