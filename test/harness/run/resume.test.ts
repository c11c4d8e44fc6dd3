import { expect } from 'chai'
import type Mocha from 'mocha'
import { keyOf, type LabEvent, labOf as runOf } from '../../../harness/events.ts'
import { labOf, outcomeOf } from './outcome.ts'

describe('a run that goes on where an earlier one stopped', () => {
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })

  it('tells what had come to its end, and makes only the rest', async () => {
    const made: string[] = []
    const labs = ['first', 'second'].map(name =>
      labOf(name, ({ expect, step }) => {
        step('it is run', async () => {
          made.push(name)
          expect(name).to.equal(made.length > 2 ? 'neither' : name)
        })
      }),
    )
    const before = await outcomeOf(labs)
    expect(before.exitCode).to.equal(0)
    const of = (event: (typeof before.events)[number]) => runOf(event)?.lab === 'first'
    const resumed = new Map([[keyOf({ lab: 'first' }), before.events.filter(of) as LabEvent[]]])
    made.length = 0
    const titles: string[] = []
    const Reporter = class {
      constructor(runner: Mocha.Runner) {
        runner.on('pass', test => titles.push(test.fullTitle()))
      }
    }
    const after = await outcomeOf(labs, { resumed, mochaReporters: [Reporter] })
    expect(made).to.deep.equal(['second'])
    expect(after.exitCode).to.equal(0)
    expect(after.totals?.labs).to.deep.equal({ passed: 2, failed: 0, skipped: 0 })
    expect(titles).to.deep.equal(['first it is run', 'second it is run'])
  })

  it('fails for what had failed', async () => {
    const lab = labOf('fails', ({ expect, step }) => {
      step('it fails', async () => expect(1).to.equal(2))
    })
    const before = await outcomeOf([lab])
    const events = before.events.filter(event => runOf(event)) as LabEvent[]
    const after = await outcomeOf([lab], { resumed: new Map([[keyOf({ lab: 'fails' }), events]]) })
    expect([before.exitCode, after.exitCode]).to.deep.equal([1, 1])
    expect(after.failures).to.deep.equal(before.failures)
  })
})
