import { expect } from 'chai'
import { readDocuments } from '../../../harness/claims/documents.ts'
import { labPage } from '../../../harness/pages/lab-page.ts'
import { jsonReport } from '../../../harness/reporters/json.ts'
import type { JsonLab } from '../../../harness/reporters/json-report.ts'
import { beginning, lab } from '../reporters/sample-run.ts'

describe('a lab’s page', () => {
  it('says what it reproduces and finds, its verdicts with their reasons, its steps and their commands', async () => {
    const [run] = jsonReport(beginning).labs
    const page = labPage({ ...lab, finds: 'it holds' }, run as JsonLab, await readDocuments(), '')
    expect(page).to.match(/^<!-- Made by .*\n\n# A bridge, two namespaces and NAT, by hand\n\nFinds: it holds\.\n/)
    expect(page).to.include('- reproduces: a repository page (Chinese): how Docker networking is implemented')
    expect(page).to.include('| **differs** | it leaves forwarding on | 4 |')
    expect(page).to.include("\n### 4. the document's clean-up leaves nothing\n\nClaims: S001-31 differs\n")
    for (const { commands } of run?.steps ?? [])
      for (const { command } of commands) expect(page).to.include(`$ ${command}\n`)
  })
  it('keeps what it said of a step that this run’s machine could not do', async () => {
    const [run] = jsonReport(beginning).labs as [JsonLab]
    const documents = await readDocuments()
    const before = labPage(lab, run, documents, '')
    const skipped = { ...run, steps: run.steps.map(step => ({ ...step, status: 'skipped' as const, commands: [] })) }
    expect(labPage(lab, skipped, documents, before)).to.equal(before)
    expect(labPage(lab, skipped, documents, '')).to.include(
      '\n### 1. br01 is a bridge that is up\n\nClaims: S001-06 S001-07\n\nNot run yet',
    )
  })
})
