import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { coverageOf } from '../../harness/claims/coverage.ts'
import { readDocuments } from '../../harness/claims/documents.ts'
import { unprovedIn } from '../../harness/claims/proved.ts'
import { pagesOf } from '../../harness/cli/docs.ts'
import type { LabHeader, RunEvent } from '../../harness/events.ts'
import { jsonReport } from '../../harness/reporters/json.ts'
import type { JsonReport } from '../../harness/reporters/json-report.ts'
import { findLabs } from '../../harness/run/registry.ts'
import { run } from '../../harness/run/run.ts'
import { defaultBackend } from '../../vm/backend.ts'
import type { Provider } from '../../vm/machine.ts'
import { qemu } from '../../vm/providers/qemu.ts'
import { sandbox } from '../../vm/providers/sandbox.ts'
import { defaultSuite, type Suite, suites } from '../../vm/suite.ts'
import { beginAll, inBackground, turnMs } from './background.ts'

/** What failed in a run, in words, empty when every claim held; and the run's report. */
async function runAll(
  provider: Provider,
  suite: Suite,
  which: (lab: LabHeader) => boolean,
): Promise<{ failures: string[]; report: JsonReport }> {
  const events: RunEvent[] = []
  const exitCode = await run({
    labs: (await findLabs()).filter(({ header }) => which(header)),
    why: 'a test',
    cells: [{ suite, backend: defaultBackend, provider }],
    keep: false,
    reporters: [{ on: event => events.push(event) }],
    mochaReporters: [],
    signal: new AbortController().signal,
  })
  const failed = events.flatMap(event => (event.type === 'lab-ended' && event.failure ? [event.failure] : []))
  expect(exitCode === 0, `exit code ${exitCode}`).to.equal(failed.length === 0)
  const failures = failed.map(({ message, where, saw }) => `${message}\n  where ${where}\n  saw   ${saw}`)
  return { failures, report: jsonReport(events) }
}

const every = () => true

/** Whether a lab says of anything that it depends on the engine's version. */
function tellsEngines({ needs, steps }: LabHeader): boolean {
  return [needs, ...steps.map(step => step.needs)].some(({ engine }) => engine !== undefined) || steps.some(changes)
}

function changes({ changed, covers }: LabHeader['steps'][number]): boolean {
  return changed.length > 0 || covers.some(({ on }) => on.engine !== undefined)
}

// The others are run on the other suites by the workflow's job of labs, each in a shard.
const on = (suite: Suite) => (suite === defaultSuite ? every : tellsEngines)

describe('every lab holds', function () {
  this.timeout(turnMs)
  before(beginAll)

  // The longest first.
  const inMachine = inBackground(() => runAll(qemu, defaultSuite, ({ name }) => name === 'bridge-nat'), { long: true })
  const onSuites = suites.map(suite => ({
    suite,
    outcome: inBackground(() => runAll(sandbox, suite, on(suite)), { long: true }),
  }))
  for (const { suite, outcome } of onSuites) {
    it(`on ${suite} in the sandbox${on(suite) === every ? '' : ', where it tells engines apart'}`, async () =>
      expect((await outcome()).failures).to.deep.equal([]))
  }
  it(`on ${defaultSuite} in a virtual machine: bridge-nat`, async () =>
    expect((await inMachine()).failures).to.deep.equal([]))

  it('and proves each verdict that it gives, on the machines that the verdict is meant for', async () => {
    const reports = await Promise.all(
      [inMachine, ...onSuites.map(({ outcome }) => outcome)].map(async run => (await run()).report),
    )
    const labs = (await findLabs()).map(({ header }) => header)
    const unproved = unprovedIn(coverageOf(await readDocuments(), labs), reports)
    // What needs another kernel than this host's is proved in a virtual machine, by whoever runs the lab there.
    const elsewhere = /^the step was skipped: the kernel has no /
    expect(
      unproved
        .filter(({ why }) => !elsewhere.test(why))
        .map(({ proof, why }) => `${proof.judgement.id} by ${proof.lab} ${proof.step?.number}: ${why}`),
    ).to.deep.equal([])
  })
  it('and makes the pages that are there: docs/labs, the README’s catalogue', async () => {
    const report = (await onSuites.find(({ suite }) => suite === defaultSuite)?.outcome())?.report
    expect(report).not.to.equal(undefined)
    const made = await pagesOf([report as JsonReport])
    const mend = 'npm run lab -- --all --on sandbox --reporter json=report.json && npm run lab docs report.json'
    for (const [name, text] of made) {
      const there = await readFile(new URL(`../../${name}`, import.meta.url), 'utf8').catch(() => '')
      expect(there, `${name} is not what the run makes: ${mend}`).to.equal(text)
    }
  })
})
