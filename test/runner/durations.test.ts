import { expect } from 'chai'
import { longestFirst, updated } from './durations.ts'

describe('how long test files take', () => {
  it('says which are begun first: the longest, and before them those of which nothing is known', () => {
    expect(longestFirst(['a', 'b', 'c', 'new'], { a: 1, b: 30, c: 2.5, gone: 99 })).to.deep.equal([
      'new',
      'b',
      'c',
      'a',
    ])
    expect(longestFirst(['a', 'b'], {})).to.deep.equal(['a', 'b'])
  })

  it('is written down to tenths of a second, beside what is known of others, but for those that are gone', () => {
    const took = new Map([
      ['b', 1234],
      ['a', 49],
    ])
    const recorded = updated({ b: 9, c: 3, gone: 7 }, took, ['a', 'b', 'c'])
    expect(Object.entries(recorded)).to.deep.equal([
      ['a', 0],
      ['b', 1.2],
      ['c', 3],
    ])
  })
})
