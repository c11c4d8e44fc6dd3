import { expect } from 'chai'
import { shortcutsTo } from '../../../harness/mutate/shortcut.ts'

const to = (step: number, ...took: number[]) =>
  shortcutsTo(step, { steps: new Map(took.map((ms, i) => [i + 1, ms])) }).map(set => [...set])

describe('shortcuts to a step', () => {
  it('are it alone, and it behind the first, the one before it, or both', () => {
    expect(to(4, 2000, 2000, 2000, 500, 9000)).to.deep.equal([[4], [1, 4], [3, 4], [1, 3, 4]])
  })

  it('are each told once', () => {
    expect(to(2, 2000, 500)).to.deep.equal([[2]])
    expect(to(3, 2000, 2000, 500)).to.deep.equal([[3], [1, 3], [2, 3]])
  })

  it('are none where they would save little', () => {
    expect(to(1, 9000)).to.deep.equal([])
    expect(to(3, 300, 600, 9000)).to.deep.equal([])
    expect(to(3, 100, 1000, 500)).to.deep.equal([[3], [1, 3]])
  })
})
