import { expect } from 'chai'
import { coverageOf } from '../../../harness/claims/coverage.ts'
import { unprovedIn } from '../../../harness/claims/proved.ts'
import { differs, holds } from '../../../harness/claims/verdict.ts'
import { lab } from '../../../harness/index.ts'
import type { JsonLab, JsonReport, JsonStep } from '../../../harness/reporters/json-report.ts'
import { headerOf } from '../../../harness/run/register.ts'

const claims = ['S001-01', 'S001-02'].map(id => ({ id, kind: 'claim' as const, section: 'All', says: 'So it is.' }))
const header = headerOf(
  'a-lab',
  lab(
    {
      ...{ title: 'A lab', document: '001', topology: '', engine: true },
      untestable: { 'S001-02': 'it asks a registry' },
    },
    ({ step }) =>
      step(
        'one',
        { covers: [holds('S001-01', { engine: '<28' }), differs('S001-01', 'in part', { engine: '>=28' })] },
        async () => {},
      ),
  ),
)
const coverage = coverageOf([{ document: '001', about: 'A page', claims }], [header])

/** A report of one run of the lab, as far as proofs are concerned. */
function report(
  engine: string,
  step: Pick<JsonStep, 'status'> & { expectations: string[]; reason?: string },
  name = 'a-lab',
): JsonReport {
  const expectations = step.expectations.map(status => ({ status }))
  const lab = { name, machine: { engine, iptablesBackend: 'nft' }, steps: [{ number: 1, ...step, expectations }] }
  return { labs: [lab as unknown as JsonLab] } as JsonReport
}
const passed = { status: 'passed' as const, expectations: ['passed'] }
const why = (...reports: JsonReport[]) =>
  unprovedIn(coverage, reports).map(({ proof, why }) => `${proof.judgement.verdict}: ${why}`)

describe('the proof of a verdict', () => {
  it('is a step that passed, on each of the machines that it speaks of', () => {
    expect(why(report('26.1.5', passed), report('28.5.2', passed))).to.deep.equal([])
    expect(why(report('26.1.5', passed))).to.deep.equal(['differs: no run with engine >=28'])
  })

  it('is none when the step failed, was skipped, or judged nothing, or the lab was not run', () => {
    const ok = report('28.5.2', passed)
    expect(why(ok, report('26.1.5', { status: 'failed', expectations: ['passed', 'failed'] }))).to.deep.equal([
      'holds: the step failed',
    ])
    expect(why(ok, report('26.1.5', { status: 'skipped', expectations: [] }))).to.deep.equal([
      'holds: the step was skipped',
    ])
    expect(
      why(ok, report('26.1.5', { status: 'skipped', expectations: [], reason: 'the kernel has no ip_vs' })),
    ).to.deep.equal(['holds: the step was skipped: the kernel has no ip_vs'])
    expect(why(ok, report('26.1.5', { status: 'passed', expectations: [] }))).to.deep.equal([
      'holds: the step judged nothing',
    ])
    expect(why(report('26.1.5', passed, 'another'))).to.deep.equal([
      'holds: no run of the lab',
      'differs: no run of the lab',
    ])
  })

  it('of one of several runs is enough', () => {
    const runs = [
      report('28.5.2', passed),
      report('20.10.24', { status: 'skipped', expectations: [] }),
      report('26.1.5', passed),
    ]
    expect(why(...runs)).to.deep.equal([])
  })
})
