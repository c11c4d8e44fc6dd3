import { expect } from 'chai'
import { keyOf, labOf, type RunEvent } from '../../../harness/events.ts'
import { tally } from '../../../harness/run/totals.ts'

/**
 * What holds of the events of every run, however it ended: each thing that starts ends, once, within what it is a part of;
 * every step of a lab that started is told; the totals are those of the events.
 */
export function expectBalance(events: RunEvent[]): void {
  const counted = tally()
  const open = new Map<string, { steps: number[]; step?: number }>()
  let going = false
  for (const event of events) {
    counted.on(event)
    const of = labOf(event)
    const name = of && keyOf(of)
    if (name === undefined) {
      if (event.type === 'run-started') {
        expect(going).to.equal(false)
        going = true
      } else if (event.type === 'run-ended') {
        expect(going).to.equal(true)
        going = false
        expect(event.totals).to.deep.equal(counted.sum())
      }
      continue
    }
    if (event.type === 'lab-started') {
      expect(going).to.equal(true)
      expect([...open.keys()]).not.to.include(name)
      open.set(name, { steps: [] })
      continue
    }
    const lab = open.get(name) ?? expect.fail(`${event.type} of a lab that is over: ${name}`)
    if (event.type === 'step-started') {
      expect(lab.step).to.equal(undefined)
      lab.step = event.step.number
    } else if (event.type === 'step-ended') {
      lab.steps.push(event.step.number)
      expect(lab.step, 'what ends is what began last').to.equal(
        event.status === 'skipped' ? undefined : event.step.number,
      )
      delete lab.step
    } else if (event.type === 'lab-ended') {
      expect(lab.step).to.equal(undefined)
      expect(lab.steps, 'every step is told').to.deep.equal(event.lab.steps.map(({ number }) => number))
      expect(event.status === 'failed').to.equal(event.failure !== undefined)
      open.delete(name)
    }
  }
  expect([...open.keys()]).to.deep.equal([])
  expect(events.at(-1)?.type).to.equal('run-ended')
}
