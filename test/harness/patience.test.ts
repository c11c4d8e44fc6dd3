import { expect } from 'chai'
import { type Clock, patience } from '../../harness/patience.ts'

/** A clock that goes on only when somebody pauses, and tells how long each pause was. */
function handSet() {
  let now = 0
  const pauses: number[] = []
  const pass = (ms: number) => {
    now += ms
  }
  const clock: Clock = {
    now: () => now,
    async pause(ms) {
      pauses.push(ms)
      pass(ms)
    },
  }
  return { clock, pauses, pass }
}

/** How often one looks who is patient for `ms`, where a look takes `lookMs`. */
async function looks(ms: number, lookMs: number): Promise<number> {
  const { clock, pass } = handSet()
  const { again } = patience(ms, clock)
  let count = 0
  do {
    pass(lookMs)
    count += 1
  } while (await again())
  return count
}

describe('patience', () => {
  it('pauses between two looks, the longer the more there were', async () => {
    const { clock, pauses } = handSet()
    const { again } = patience(10_000, clock)
    for (const _look of [1, 2, 3, 4, 5]) expect(await again()).to.equal(true)
    expect(pauses).to.deep.equal([25, 50, 100, 200, 200])
  })

  it('of a second is over after four looks where each takes more than a quarter of it', async () => {
    expect(await looks(1000, 300)).to.equal(4)
  })

  it('lasts three times as long as it says at most, however long a look takes', async () => {
    expect(await looks(1000, 1500)).to.equal(2)
  })

  it('is over where the pause would outlast it', async () => {
    expect(await patience(20, handSet().clock).again()).to.equal(false)
  })

  it('lets real time pass where nothing else is told', async () => {
    const { again } = patience(1000)
    const since = performance.now()
    expect(await again()).to.equal(true)
    // A timer may fire a millisecond early.
    expect(performance.now() - since).to.be.at.least(24)
  })
})
