import { availableParallelism } from 'node:os'
import { expect } from 'chai'
import { coverageOf } from '../../harness/claims/coverage.ts'
import { readDocuments } from '../../harness/claims/documents.ts'
import { unprovedIn } from '../../harness/claims/proved.ts'
import type { RunEvent } from '../../harness/events.ts'
import { jsonReport } from '../../harness/reporters/json.ts'
import type { JsonReport } from '../../harness/reporters/json-report.ts'
import { whichRun } from '../../harness/reporters/words.ts'
import type { MachineCell } from '../../harness/run/cell.ts'
import { findLabs, type LabFile } from '../../harness/run/registry.ts'
import { run } from '../../harness/run/run.ts'
import { backends, defaultBackend } from '../../vm/backend.ts'
import { qemu } from '../../vm/providers/qemu.ts'
import { sandbox } from '../../vm/providers/sandbox.ts'
import { defaultSuite, suites } from '../../vm/suite.ts'
import { toldOfAll } from '../breaks/unproved.ts'

/** What failed in a run, in words, empty when every claim held; and the run's report. */
async function runIn(cells: MachineCell[], labs: LabFile[]): Promise<{ failures: string[]; report: JsonReport }> {
  const events: RunEvent[] = []
  // Labs mostly wait.
  const number = 2 * availableParallelism()
  const exitCode = await run({
    labs,
    why: 'a test',
    cells,
    jobs: { number, machines: number, why: 'a test' },
    keep: false,
    reporters: [{ on: event => events.push(event) }],
    mochaReporters: [],
    signal: new AbortController().signal,
  })
  const failures = events.flatMap(event => {
    if (event.type !== 'lab-ended' || !event.failure) return []
    const { message, where, saw } = event.failure
    return [`${event.lab.name}${whichRun(event)}: ${message}\n  where ${where}\n  saw   ${saw}`]
  })
  expect(exitCode === 0, `exit code ${exitCode}`).to.equal(failures.length === 0)
  return { failures, report: jsonReport(events) }
}

describe('every lab holds', function () {
  // What hangs is ended by the labs' own limits.
  this.timeout(4 * 60 * 60_000)
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })
  const reports: JsonReport[] = []

  for (const suite of suites) {
    it(`on ${suite} in the sandbox, with each iptables backend`, async () => {
      const cells = backends.map(backend => ({ suite, backend, provider: sandbox }))
      const { failures, report } = await runIn(cells, await findLabs())
      reports.push(report)
      expect(failures).to.deep.equal([])
    })
  }

  it(`on ${defaultSuite} in a virtual machine: bridge-nat`, async () => {
    const cells = [{ suite: defaultSuite, backend: defaultBackend, provider: qemu }]
    const { failures, report } = await runIn(
      cells,
      (await findLabs()).filter(({ name }) => name === 'bridge-nat'),
    )
    reports.push(report)
    expect(failures).to.deep.equal([])
  })

  it('and proves each verdict that it gives, on the machines that the verdict is meant for', async () => {
    const labs = (await findLabs()).map(({ header }) => header)
    expect(toldOfAll(unprovedIn(coverageOf(await readDocuments(), labs), reports))).to.deep.equal([])
  })
})
