import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { patience } from '../../harness/patience.ts'

/** How often one looks who is patient for `ms`, where a look takes `lookMs`. */
async function looks(ms: number, lookMs: number): Promise<number> {
  const { again } = patience(ms)
  let count = 0
  do {
    await pause(lookMs)
    count += 1
  } while (await again())
  return count
}

describe('patience', () => {
  it('pauses between two looks, the longer the more there were', async () => {
    const { again } = patience(10_000)
    const pauses: number[] = []
    for (const _look of [1, 2, 3, 4, 5]) {
      const started = performance.now()
      expect(await again()).to.equal(true)
      pauses.push(performance.now() - started)
    }
    // A timer may fire a millisecond early.
    for (const [index, least] of [25, 50, 100, 200, 200].entries()) expect(pauses[index]).to.be.at.least(least - 1)
  })

  it('of a second is over after four looks where each takes more than a quarter of it', async () => {
    expect(await looks(1000, 300)).to.equal(4)
  })

  it('lasts three times as long as it says at most, however long a look takes', async () => {
    expect(await looks(1000, 1500)).to.equal(2)
  })

  it('is over where the pause would outlast it', async () => {
    expect(await patience(20).again()).to.equal(false)
  })
})
