import { expect } from 'chai'
import type Mocha from 'mocha'
import type { LabRepeated, RunEvent } from '../../../harness/events.ts'
import { jsonReport } from '../../../harness/reporters/json.ts'
import { junitXml } from '../../../harness/reporters/junit.ts'
import { InterruptedError } from '../../../harness/run/failure.ts'
import { labOf, outcomeOf } from './outcome.ts'

/** A lab that acts a little differently whenever it is run: `odd` is given how often it has been run before. */
function flaky(name: string, odd: (before: number) => Promise<unknown>) {
  let runs = 0
  return labOf(name, ({ $, step, defer }) => {
    step('a bridge is there', async () => {
      await $`ip link add br01 type bridge`
      defer`ip link delete br01`
      await $`cat /proc/sys/kernel/random/uuid`
    })
    step('it may differ', async () => {
      const before = runs++
      if (before === 1) await $`true`
      await odd(before)
    })
  })
}

describe('labs run several times', () => {
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })
  const compared = (events: RunEvent[]): LabRepeated[] =>
    events.flatMap(event => (event.type === 'lab-repeated' ? [event] : []))

  it('each in a machine of its own, are alike where nothing is flaky', async () => {
    const steady = labOf('steady', ({ $, step, defer }) => {
      step('the bridge is there, for the first time', async () => {
        await $`ip link add br01 type bridge`
        defer`ip link delete br01`
      })
    })
    const { exitCode, events, totals } = await outcomeOf([steady], { jobs: 2, repeat: 3 })
    expect(exitCode).to.equal(0)
    expect(totals?.labs).to.deep.equal({ passed: 3, failed: 0, skipped: 0 })
    expect(compared(events)).to.deep.equal([
      { type: 'lab-repeated', lab: 'steady', runs: 3, passed: 3, differences: [] },
    ])
    const runs = jsonReport(events).labs
    expect(runs.map(({ repetition, status }) => `${repetition} ${status}`)).to.deep.equal([
      '1 passed',
      '2 passed',
      '3 passed',
    ])
    expect(runs.map(({ steps }) => steps[0]?.commands.length)).to.deep.equal([1, 1, 1])
  })

  it('that differ fail the run, though all have passed, in every report', async () => {
    const failed: string[] = []
    class Told {
      constructor(runner: Mocha.Runner) {
        runner.on('fail', (test: Mocha.Test, error: Error) => failed.push(`${test.fullTitle()}: ${error.message}`))
      }
    }
    const labs = [flaky('other', async () => {})]
    const { exitCode, events } = await outcomeOf(labs, { repeat: 3, mochaReporters: [Told] })
    expect(exitCode).to.equal(1)
    expect(compared(events)).to.deep.equal([
      {
        ...{ type: 'lab-repeated', lab: 'other', runs: 3, passed: 3 },
        differences: [
          {
            what: 'commands of step 2. it may differ',
            variants: [
              { repetitions: [1, 3], saw: 'none of these' },
              { repetitions: [2], saw: 'true' },
            ],
          },
        ],
      },
    ])
    expect(failed).to.deep.equal([
      'Runs compared other: all runs are alike: its runs differ\ncommands of step 2. it may differ\n  runs 1, 3  none of these\n  run 2      true',
    ])
    const report = jsonReport(events)
    expect(report.repeated[0]).to.include({ runs: 3, passed: 3 })
    expect(junitXml(report)).to.match(
      /<failure type="difference" message="the 3 runs of other differ">commands of step 2\./,
    )
  })

  it('are told apart: what a failed run said is kept, and which it was', async () => {
    const lab = flaky('sometimes', async before => {
      if (before === 1) throw new Error('the second time it breaks')
    })
    const { exitCode, events } = await outcomeOf([lab], { repeat: 3 })
    expect(exitCode).to.equal(1)
    const [{ runs, passed, differences } = expect.fail('it is compared')] = compared(events)
    expect({ runs, passed }).to.deep.equal({ runs: 3, passed: 2 })
    expect(differences).to.deep.equal([
      {
        what: 'how it ended',
        variants: [
          { repetitions: [1, 3], saw: 'passed' },
          { repetitions: [2], saw: 'failed in step 2. it may differ: Error: the second time it breaks' },
        ],
      },
    ])
    const { failures, labs } = jsonReport(events)
    expect(failures[0]).to.include({ lab: 'sometimes', repetition: 2, step: 2 })
    expect(labs[1]?.steps[1]?.commands.map(({ command }) => command)).to.deep.equal(['true'])
  })

  it('that are stopped are not called flaky for it', async () => {
    const controller = new AbortController()
    const on = (event: RunEvent) => {
      if (event.type === 'step-started' && event.repetition === 2) controller.abort(new InterruptedError('enough'))
    }
    const lab = flaky('stopped', async () => {})
    const { exitCode, events } = await outcomeOf([lab], { repeat: 4, on, signal: controller.signal })
    expect(exitCode).to.equal(130)
    expect(compared(events)).to.deep.equal([
      { type: 'lab-repeated', lab: 'stopped', runs: 1, passed: 1, differences: [] },
    ])
  })
})
