import { expect } from 'chai'
import { jsonReport, reporter } from '../../../harness/reporters/json.ts'
import type { JsonReport } from '../../../harness/reporters/json-report.ts'
import { memoryOutput } from './memory-output.ts'
import { beginning, failedRun, failure, lostRun, refusedRun, totals } from './sample-run.ts'

describe('json reporter', () => {
  it('prints one document, and nothing before the end', async () => {
    const output = memoryOutput()
    const { on, end } = reporter(output)
    for (const event of failedRun) on(event)
    expect(output.text()).to.equal('')
    await end?.()
    expect(JSON.parse(output.text())).to.deep.equal(jsonReport(failedRun))
  })

  it('says where it ran, what was there, and how it ended', () => {
    const { labs, failures, ...top } = jsonReport(failedRun)
    expect(top).to.deep.equal({
      schema: 'vethlab-report/1',
      exitCode: 1,
      startedAt: '2026-03-01T10:00:00.000Z',
      endedAt: '2026-03-01T10:00:07.200Z',
      ms: 7200,
      provider: 'sandbox',
      why: 'sandbox: /dev/kvm: not there, and you are root',
      suite: 'trixie',
      cells: [{ suite: 'trixie', backend: 'nft' }],
      accelerator: 'host',
      kernel: '6.18.5',
      engine: { name: 'docker', version: '26.1.5' },
      iptables: { version: '1.8.11', backend: 'nft' },
      jobs: { number: 1, machines: 1, why: 'one by one' },
      repeated: [],
      totals,
    })
    expect(labs).to.have.length(1)
    expect(failures).to.deep.equal([{ lab: 'bridge-nat', repetition: null, cell: null, step: 3, ...failure }])
  })

  it('has each step with its commands and expectations, and the clean-up apart from them', () => {
    const [lab] = jsonReport(failedRun).labs
    expect(lab?.steps.map(({ status }) => status)).to.deep.equal(['passed', 'passed', 'failed', 'skipped'])
    expect(lab?.steps[0]).to.deep.include({
      covers: ['S001-06', 'S001-07'],
      ms: 230.2,
      failure: null,
    })
    expect(lab?.steps[1]?.commands).to.have.length(1)
    expect(lab?.steps[1]?.commands[0]).to.deep.include({ exitCode: 1, signal: null, ms: 1013.7 })
    expect(lab?.steps[2]?.expectations).to.deep.equal([
      {
        text: failure.message,
        status: 'failed',
        saw: '0 of 1 answers',
        looks: 46,
        ms: 5021,
        where: 'labs/bridge-nat.ts:97',
      },
    ])
    expect(lab?.undo.map(({ command }) => command)).to.deep.equal(['ip link delete br01'])
    expect(lab?.residue).to.deep.equal(['+ link veth01@if7', '- sysctl net.ipv4.ip_forward = 0'])
  })

  it('is whole when the run is cut off: what had begun has failed, what had not was skipped', () => {
    const report = jsonReport(beginning)
    expect(report.exitCode).to.equal(130)
    expect(report.labs[0]?.status).to.equal('failed')
    expect(report.labs[0]?.steps.map(({ status }) => status)).to.deep.equal(['passed', 'passed', 'failed', 'skipped'])
    expect(report.totals.steps).to.deep.equal({ passed: 2, failed: 1, skipped: 1 })
    expect(Object.keys(report).sort()).to.deep.equal(Object.keys(jsonReport(failedRun)).sort())
  })

  it('is whole when the machine died', () => {
    const report = jsonReport(lostRun)
    expect(report.exitCode).to.equal(3)
    expect(report.failures).to.have.length(1)
    expect(report.labs[0]?.residue).to.equal(null)
  })

  it('is whole when nothing could be run', () => {
    const report: JsonReport = jsonReport(refusedRun)
    expect(report).to.deep.include({ exitCode: 2, provider: null, suite: null, engine: null, labs: [] })
    expect(report.failures).to.deep.equal([
      {
        ...{ lab: null, repetition: null, cell: null, step: null, kind: 'host' },
        message: 'qemu-system-x86_64 is not installed',
        mend: 'sudo apt-get install qemu-system-x86',
      },
    ])
  })
})
