import { expect } from 'chai'
import type { RunEvent } from '../../../harness/events.ts'
import { tally } from '../../../harness/run/totals.ts'

/**
 * What holds of the events of every run, however it ended: each thing that starts ends, once, within what it is a part of;
 * every step of a lab that started is told; the totals are those of the events.
 */
export function expectBalance(events: RunEvent[]): void {
  const counted = tally()
  const open: string[] = []
  const stepsTold: number[] = []
  const enter = (what: string) => open.push(what)
  const leave = (what: string) => expect(open.pop(), 'what ends is what began last').to.equal(what)
  for (const event of events) {
    counted.on(event)
    if (event.type === 'run-started') enter('run')
    else if (event.type === 'lab-started') {
      expect(open).to.deep.equal(['run'])
      enter(event.lab.name)
      stepsTold.length = 0
    } else if (event.type === 'step-started') {
      expect(open).to.have.length(2)
      enter(`step ${event.step.number}`)
    } else if (event.type === 'step-ended') {
      stepsTold.push(event.step.number)
      if (event.status !== 'skipped') leave(`step ${event.step.number}`)
    } else if (event.type === 'lab-ended') {
      leave(event.lab.name)
      expect(stepsTold, 'every step is told').to.deep.equal(event.lab.steps.map(({ number }) => number))
      expect(event.status === 'failed').to.equal(event.failure !== undefined)
    } else if (event.type === 'run-ended') {
      leave('run')
      expect(event.totals).to.deep.equal(counted.sum())
    } else if ('lab' in event) {
      expect(open[1], `${event.type} of a lab that is over`).to.equal(event.lab)
    }
  }
  expect(open).to.deep.equal([])
  expect(events.at(-1)?.type).to.equal('run-ended')
}
