import { expect } from 'chai'
import { busynessOf, watchCores } from './busy.ts'
import { countLine, tookInWords } from './report.ts'

describe('the end of the report', () => {
  it('counts', () => {
    expect(countLine({ passed: 12, failed: 0, skipped: 0 })).to.equal('12 passed, 0 failed')
    expect(countLine({ passed: 12, failed: 1, skipped: 2 })).to.equal('12 passed, 1 failed, 2 skipped')
  })

  it('names the ten slowest files, the slowest first, and says how busy the processors were', () => {
    const took = new Map(Array.from({ length: 12 }, (_, i): [string, number] => [`test/${i}.test.ts`, i * 1000]))
    const text = tookInWords(took, { ms: 90_000, busyness: { all: 0.756, used: 0.9 } })
    expect(text.match(/test\/\d+\.test\.ts/g)).to.deep.equal(
      [11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map(i => `test/${i}.test.ts`),
    )
    expect(text).to.include('the slowest of 12 files')
    expect(text).to.match(/^ {2}1 min 30 s in all; .* busy for 76 % of it, and used to 90 %$/m)
  })
})

describe('how busy the processors were', () => {
  it('is the part of the time in which all of them were, and what was used of them', () => {
    // Of three periods of the same length both are busy in the first, one in the second, none in the third.
    const samples = [
      [at(0, 0), at(0, 0)],
      [at(100, 0), at(95, 5)],
      [at(200, 0), at(95, 105)],
      [at(200, 100), at(95, 205)],
    ]
    const { all, used } = busynessOf(samples)
    expect(all).to.be.closeTo(1 / 3, 0.001)
    expect(used).to.be.closeTo(295 / 600, 0.001)
  })

  it('is nothing where no time has passed', () => {
    expect(busynessOf([[at(5, 5)]])).to.deep.equal({ all: 0, used: 0 })
  })

  it('is read off this host', () => {
    const watched = watchCores()
    for (const end = performance.now() + 200; performance.now() < end; );
    expect(watched.ended().used).to.be.within(0.01, 1)
  })

  const at = (busy: number, idle: number) => ({ busy, idle })
})
