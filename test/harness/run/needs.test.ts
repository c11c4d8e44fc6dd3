import { expect } from 'chai'
import Mocha from 'mocha'
import type { RunEvent } from '../../../harness/events.ts'
import { type KernelFeature, kernelFeatures, missingFeatures } from '../../../harness/needs/kernel.ts'
import type { Needs } from '../../../harness/needs/needs.ts'
import { jsonReport } from '../../../harness/reporters/json.ts'
import { junitXml } from '../../../harness/reporters/junit.ts'
import { story } from '../../../harness/reporters/story.ts'
import type { MachineCell } from '../../../harness/run/cell.ts'
import type { Provider } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import { changed, labOf, outcomeOf } from './outcome.ts'

/** A lab of three steps, whose second needs this. */
const needing = (needs: Needs, ofLab: Needs = {}, name = 'needing') =>
  labOf(
    name,
    ({ $, step }) => {
      step('one', () => $`true`)
      step('two', { needs }, () => $`false`)
      step('three', () => $`true`)
    },
    { needs: ofLab },
  )
const reasons = (events: RunEvent[], type: 'step-ended' | 'lab-ended') =>
  events.flatMap(event => (event.type === type ? [event.reason] : []))
/** A sandbox whose kernel lacks this, whatever the host's has. */
const without = (name: KernelFeature): Provider =>
  changed(async start => {
    const machine = await start
    const exec: typeof machine.exec = async (script, options) => {
      const finished = await machine.exec(script, options)
      return script === missingFeatures([name]).script ? { ...finished, stdout: `${name}\n` } : finished
    }
    return { ...machine, exec }
  })

describe('what the machine lacks', () => {
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })

  it('of what a step needs: that step is skipped, with the reason, and the next are not', async () => {
    const { exitCode, steps, events, totals } = await outcomeOf([needing({ kernel: ['ip_vs'] })], {
      provider: without('ip_vs'),
    })
    expect(steps).to.deep.equal(['passed', 'skipped', 'passed'])
    expect(reasons(events, 'step-ended')).to.deep.equal([undefined, 'the kernel has no ip_vs', undefined])
    expect(exitCode).to.equal(0)
    expect(totals?.steps).to.deep.equal({ passed: 2, failed: 0, skipped: 1 })
    expect(totals?.labs).to.deep.equal({ passed: 1, failed: 0, skipped: 0 })
  })

  it('of the host’s own kernel, asked in a real sandbox: what it has is run, what it has not is skipped', async () => {
    const machine = await sandbox.start({
      ...{ label: 'x', suite: 'trixie', engine: false, keep: false, report: () => {} },
      signal: new AbortController().signal,
    })
    const probe = missingFeatures(kernelFeatures)
    const missing = probe.parse(await machine.exec(probe.script))
    await machine[Symbol.asyncDispose]()
    const each = labOf('each', ({ $, step }) => {
      step('first', () => $`true`)
      for (const name of kernelFeatures) step(name, { needs: { kernel: [name] } }, () => $`true`)
    })
    const { exitCode, steps, events } = await outcomeOf([each])
    const skipped = kernelFeatures.map(name => missing.includes(name))
    expect(steps.slice(1)).to.deep.equal(skipped.map(is => (is ? 'skipped' : 'passed')))
    expect(reasons(events, 'step-ended').slice(1)).to.deep.equal(
      kernelFeatures.map(name => (missing.includes(name) ? `the kernel has no ${name}` : undefined)),
    )
    expect(exitCode).to.equal(0)
  })

  it('of an iptables is told with the one that is there', async () => {
    const cells: MachineCell[] = [{ suite: 'trixie', backend: 'legacy', provider: sandbox }]
    const { steps, events } = await outcomeOf([needing({ backend: 'nft' })], { cells })
    expect(steps).to.deep.equal(['passed', 'skipped', 'passed'])
    expect(reasons(events, 'step-ended')[1]).to.equal('iptables is legacy, and not nft')
  })

  it('of an engine’s version is told with the version that is there', async () => {
    const { steps, events } = await outcomeOf([needing({ engine: '<20' })])
    expect(steps).to.deep.equal(['passed', 'skipped', 'passed'])
    expect(reasons(events, 'step-ended')[1]).to.match(/^the engine is 26\.\S+, and not <20$/)
  })

  it('of what the lab needs: it is skipped as a whole, nothing of it is run, and nothing was tested', async () => {
    const { exitCode, steps, events, totals, failures } = await outcomeOf([needing({}, { engine: '<20' })])
    expect(steps).to.deep.equal(['skipped', 'skipped', 'skipped'])
    const [why] = reasons(events, 'lab-ended')
    expect(why).to.match(/^the engine is 26\.\S+, and not <20$/)
    expect(reasons(events, 'step-ended')).to.deep.equal([why, why, why])
    expect(failures).to.deep.equal([undefined])
    expect(events.map(({ type }) => type)).not.to.include.members(['command', 'residue'])
    expect(totals?.labs).to.deep.equal({ passed: 0, failed: 0, skipped: 1 })
    expect(exitCode).to.equal(2)
  })

  it('does not matter to the others', async () => {
    const labs = [needing({}, { engine: '<20' }, 'a'), labOf('b', ({ step }) => step('one', async () => {}))]
    const { exitCode, totals } = await outcomeOf(labs)
    expect(totals?.labs).to.deep.equal({ passed: 1, failed: 0, skipped: 1 })
    expect(exitCode).to.equal(0)
  })

  it('of what every step needs is the same as of what the lab needs', async () => {
    const only = labOf('only', ({ $, step }) => step('one', { needs: { engine: '<20' } }, () => $`false`))
    const { exitCode, totals } = await outcomeOf([only])
    expect({ exitCode, labs: totals?.labs }).to.deep.equal({ exitCode: 2, labs: { passed: 0, failed: 0, skipped: 1 } })
  })

  it('hides no failure: after one, the rest is skipped for that', async () => {
    const fails = labOf('fails', ({ $, step }) => {
      step('one', () => $`false`)
      step('two', { needs: { engine: '<20' } }, () => $`true`)
    })
    const { exitCode, steps, events } = await outcomeOf([fails])
    expect({ exitCode, steps }).to.deep.equal({ exitCode: 1, steps: ['failed', 'skipped'] })
    expect(reasons(events, 'step-ended')).to.deep.equal([undefined, undefined])
  })

  it('is nothing that runs can differ in', async () => {
    const { exitCode, events } = await outcomeOf([needing({}, { engine: '<20' })], { repeat: 2 })
    expect(exitCode).to.equal(2)
    expect(events.find(event => event.type === 'lab-repeated')).to.deep.include({ runs: 0, passed: 0, differences: [] })
  })

  it('every report shows it as skipped, and why', async () => {
    const pending: string[] = []
    const passes: string[] = []
    class Follower {
      constructor(runner: Mocha.Runner) {
        runner.on(Mocha.Runner.constants.EVENT_TEST_PENDING, test => pending.push(test.title))
        runner.on(Mocha.Runner.constants.EVENT_TEST_PASS, test => passes.push(test.title))
      }
    }
    const labs = [needing({ engine: '<20' }, {}, 'some'), needing({}, { engine: '<20' }, 'all')]
    const { events } = await outcomeOf(labs, { mochaReporters: [Follower] })
    expect({ pending, passes }).to.deep.equal({ pending: ['two', 'one', 'two', 'three'], passes: ['one', 'three'] })

    const report = jsonReport(events)
    expect(report.labs.map(({ status }) => status)).to.deep.equal(['passed', 'skipped'])
    const why = report.labs[1]?.reason ?? ''
    expect(why).to.match(/^the engine is 26\./)
    expect(report.labs[0]?.reason).to.equal(null)
    expect(report.labs[0]?.steps.map(({ status, reason }) => [status, reason])).to.deep.equal([
      ['passed', null],
      ['skipped', why],
      ['passed', null],
    ])
    const xml = junitXml(report)
    expect(
      xml.match(new RegExp(`<skipped message="${why.replace('<', '&lt;').replace('+', '\\+')}"/>`, 'g')),
    ).to.have.length(4)

    const tell = story({ color: false, shorten: false })
    const text = events.map(tell).join('')
    expect(text).to.include(`\nStep 2, "two", skipped: ${why}\n`)
    expect(text).to.include(`\nSteps 1 to 3, from "one" on, skipped: ${why}\n`)
    expect(text).to.match(/\n- all skipped in .*: the engine is 26/)
    expect(text).to.include('\nEvery claim that was tried held.\n')
  })
})
