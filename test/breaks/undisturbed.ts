import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { coverageOf } from '../../harness/claims/coverage.ts'
import { readDocuments } from '../../harness/claims/documents.ts'
import { unprovedIn } from '../../harness/claims/proved.ts'
import { pageOf } from '../../harness/cli/docs.ts'
import { jsonReport } from '../../harness/reporters/json.ts'
import type { JsonReport } from '../../harness/reporters/json-report.ts'
import type { LabFile } from '../../harness/run/registry.ts'
import { outcomeOf } from './outcome.ts'
import { toldOf } from './unproved.ts'

/** Tests that a lab holds in the default kind of machine, proves there what it says, and makes the page that is there. */
export function testUndisturbed(loaded: () => LabFile): void {
  let report: JsonReport | undefined

  it('holds', async () => {
    const { exitCode, failure, events } = await outcomeOf(loaded())
    if (failure) expect.fail(`${failure.message}\n  where ${failure.where}\n  saw   ${failure.saw}`)
    expect(exitCode).to.equal(0)
    report = jsonReport(events)
  })

  it('proves each verdict that it gives on such a machine', async function () {
    if (!report) this.skip()
    const unproved = unprovedIn(coverageOf(await readDocuments(), [loaded().header]), [report])
    expect(toldOf(unproved, report)).to.deep.equal([])
  })

  it('makes the page that is there', async function () {
    if (!report) this.skip()
    const { header, name } = loaded()
    const [path, text] = await pageOf(header, [report], await readDocuments())
    const there = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8').catch(() => '')
    const mend = `npm run lab -- --all --on sandbox --reporter json=report.json && npm run lab docs report.json`
    expect(there, `${name}'s page is not what the run makes: ${mend}`).to.equal(text)
  })
}
