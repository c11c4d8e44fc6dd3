import { expect } from 'chai'
import { annotation, reporter } from '../../../harness/reporters/github.ts'
import { jsonReport } from '../../../harness/reporters/json.ts'
import { summaryOf } from '../../../harness/reporters/summary.ts'
import { failedRun, failure } from './sample-run.ts'

describe('reports for GitHub Actions', () => {
  it('annotate the lab’s line with each failure, once', () => {
    const text: string[] = []
    const told = reporter({
      write: line => void text.push(line),
      ...{ terminal: false, color: false, columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY },
      close: () => {},
    })
    for (const event of failedRun) told.on(event)
    expect(text).to.have.length(1)
    expect(text[0]).to.equal(annotation('bridge-nat', failure))
    expect(text[0]).to.match(
      /^::error file=labs\/bridge-nat\.ts,line=\d+,title=bridge-nat::ExpectationError: [^\n]*%0A {2}where /,
    )
  })

  it('escape what the runner would read as its own', () => {
    expect(annotation('a: b, c', { kind: 'lab', message: '100%\r\nof ::it' })).to.equal(
      '::error title=a%3A b%2C c::LabError: 100%25%0A  of ::it\n',
    )
  })

  it('sum the run up in a page: labs by kinds of machine, then what failed', () => {
    const report = jsonReport(failedRun)
    const page = summaryOf(report)
    expect(page).to.match(/^## ❌ steps .*\n\n\| lab \| trixie \|\n\|---\|---\|\n\| bridge-nat \| ❌ /)
    expect(page).to.include('\n### bridge-nat, step 3\n\n```\nExpectationError: ')
    const cells = [
      { suite: 'trixie', backend: 'nft' },
      { suite: 'forky', backend: 'legacy' },
    ]
    const labs = report.labs.flatMap(lab => cells.map(cell => ({ ...lab, cell, status: 'passed' as const })))
    expect(summaryOf({ ...report, exitCode: 0, cells, labs })).to.match(
      /\| lab \| trixie \| forky legacy \|\n.*\n\| bridge-nat \| ✅ .* \| ✅ .* \|/,
    )
  })
})
