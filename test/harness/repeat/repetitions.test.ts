import { expect } from 'chai'
import type { Failure, RunEvent } from '../../../harness/events.ts'
import { repetitions } from '../../../harness/repeat/repetitions.ts'
import { begun, eventsOf, inTurns } from '../reporters/several-labs.ts'

describe('labs that are run several times', () => {
  function compared(events: RunEvent[]) {
    const runs = repetitions()
    for (const event of events) runs.on(event)
    return runs.compared()
  }
  const run = (name: string, repetition: number, status: 'passed' | 'failed' = 'passed') =>
    eventsOf(name, { repetition, status })
  const stopped = (events: RunEvent[], failure: Failure) =>
    events.map(event => (event.type === 'lab-ended' ? { ...event, status: 'failed' as const, failure } : event))

  it('are compared each with itself, whichever of its runs ended first', () => {
    const events = inTurns(run('a', 2), run('b', 1), run('a', 1), run('b', 2, 'failed'))
    expect(compared([begun(['a', 'b'], { repeat: 2 }), ...events])).to.deep.equal([
      { type: 'lab-repeated', lab: 'a', runs: 2, passed: 2, differences: [] },
      {
        ...{ type: 'lab-repeated', lab: 'b', runs: 2, passed: 1 },
        differences: [
          {
            what: 'how it ended',
            variants: [
              { repetitions: [1], saw: 'passed' },
              { repetitions: [2], saw: 'failed in step 1. b does its step: b should hold' },
            ],
          },
        ],
      },
    ])
  })

  it('say nothing by runs that were broken off, not begun, or had no machine', () => {
    const events = [
      ...run('a', 1),
      ...stopped(run('a', 2), { kind: 'interrupted', message: 'interrupted by SIGINT' }),
      ...stopped(run('a', 3), { kind: 'host', message: 'no room' }),
    ]
    expect(compared([begun(['a'], { repeat: 4 }), ...events])).to.deep.equal([
      { type: 'lab-repeated', lab: 'a', runs: 1, passed: 1, differences: [] },
    ])
  })

  it('differ where a machine died', () => {
    const died = stopped(run('a', 2), { kind: 'machine', message: 'sandbox:trixie ended by itself' })
    const [lab] = compared([begun(['a'], { repeat: 2 }), ...run('a', 1), ...died])
    expect(lab).to.include({ runs: 2, passed: 1 })
    expect(lab?.differences).to.have.length(1)
  })
})
