import { expect } from 'chai'
import type { JsonReport } from '../../harness/reporters/json-report.ts'
import { type Fault, killed, verdict } from './fault.ts'
import { hostState } from './host-state.ts'
import type { Ended, LabProcess, PrivateHost } from './private-host.ts'
import { trial } from './trial.ts'

/** Runs that end well as soon as they have begun, and leave nothing. */
function quietHost(): { host: PrivateHost; runs: () => number } {
  let runs = 0
  const report = { exitCode: 0, failures: [], labs: [] } as unknown as JsonReport
  const said = 'Every claim held.\n'
  const ended: Ended = { exitCode: 0, stdout: said, stderr: '', report, ms: 1 }
  const lab = (): LabProcess => {
    runs++
    return {
      ...{ pid: 0, kill: () => {}, said: () => said, over: () => true, ended: Promise.resolve(ended) },
      printed: () => Promise.reject(new Error('it ended without')),
    }
  }
  const gc = async () => ({ exitCode: 0, said: '' })
  const host = { folder: '', cache: '', lab, gc, leftovers: async () => [], [Symbol.asyncDispose]: async () => {} }
  return { host, runs: () => runs }
}

const fault = { name: 'some', what: 'something', on: 'sandbox', engine: false, may: [verdict] } as const satisfies Fault
const setting = { seed: '1', realLabs: false }

/** A strike that finds nothing to hit so many times. */
function missing(times: number): NonNullable<Fault['strike']> {
  let count = 0
  return async () => ++count > times
}

describe('a trial', () => {
  const tried = async (one: Fault) => {
    const { host, runs } = quietHost()
    const done = await trial(one, 0, { ...setting, host, hostState: await hostState() })
    return { ...done, runs: runs() }
  }

  it('whose run was over before it was struck is done again, sooner', async () => {
    const { problems, struckMs, runs } = await tried({ ...fault, strike: missing(2) })
    expect(problems).to.deep.equal([])
    expect(struckMs).to.be.a('number')
    expect(runs).to.equal(6) // three, and the next run after each
  })

  it('that never strikes proves nothing, and says so', async () => {
    const { problems, said } = await tried({ ...fault, may: [killed], strike: missing(Number.POSITIVE_INFINITY) })
    expect(problems).to.deep.equal(['there was nothing to be struck'])
    expect(said).to.equal('Every claim held.\n')
  })

  it('of what strikes by itself is done once', async () => {
    const { problems, struckMs, runs } = await tried(fault)
    expect(problems).to.deep.equal([])
    expect(struckMs).to.equal(undefined)
    expect(runs).to.equal(2)
  })
})
