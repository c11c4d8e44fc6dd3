import { expect } from 'chai'
import { labOf, type RunEvent } from '../../../harness/events.ts'
import { inOrder } from '../../../harness/reporters/in-order.ts'
import { begun, eventsOf, inTurns, over } from './several-labs.ts'

/** Whose events are told, in order, each name once for a row of its events. */
function turns(events: RunEvent[]): string[] {
  const names = events.map(event => {
    const of = labOf(event)
    return of ? `${of.lab}${event.type === 'lab-ended' ? '.' : ''}` : event.type
  })
  return names.filter((name, i) => name !== names[i - 1])
}

describe('labs in their order', () => {
  function told(events: RunEvent[], { flush = false } = {}): RunEvent[] {
    const all: RunEvent[] = []
    const stories = inOrder(event => all.push(event))
    for (const event of events) stories.on(event)
    if (flush) stories.flush()
    return all
  }
  const [a, b, c] = ['a', 'b', 'c'].map(name => eventsOf(name)) as [RunEvent[], RunEvent[], RunEvent[]]
  const inOrderOfLabs = ['run-started', 'a', 'a.', 'b', 'b.', 'c', 'c.', 'run-ended']

  it('are told one after another, whole, whichever went on side by side', () => {
    for (const mixed of [inTurns(a, b, c), inTurns(c, b, a), [...c, ...b, ...a], inTurns(a, [...c, ...b])]) {
      const events = told([begun(['a', 'b', 'c']), ...mixed, over])
      expect(turns(events)).to.deep.equal(inOrderOfLabs)
      expect(events).to.have.length(mixed.length + 2)
    }
  })

  it('the first is told as it happens, the next as soon as it is over', () => {
    const begin = begun(['a', 'b'])
    expect(turns(told([begin, ...a.slice(0, 2), ...b]))).to.deep.equal(['run-started', 'a'])
    expect(turns(told([begin, ...b.slice(0, 2), ...a]))).to.deep.equal(['run-started', 'a', 'a.', 'b'])
  })

  it('what has not come to its end is told when the run has, or is broken off', () => {
    const begin = begun(['a', 'b', 'c'])
    const cut = [...b, ...c.slice(0, 2)]
    expect(turns(told([begin, ...cut, over]))).to.deep.equal(['run-started', 'b', 'b.', 'c', 'run-ended'])
    expect(turns(told([begin, ...cut], { flush: true }))).to.deep.equal(['run-started', 'b', 'b.', 'c'])
  })

  it('each run of a lab is a story of its own', () => {
    const runs = [1, 2].map(repetition => eventsOf('a', { repetition })) as [RunEvent[], RunEvent[]]
    const events = told([begun(['a'], { repeat: 2 }), ...inTurns(runs[1], runs[0]), over])
    expect(events.slice(1, -1).map(event => labOf(event)?.repetition)).to.deep.equal([
      ...Array(6).fill(1),
      ...Array(6).fill(2),
    ])
  })
})
