import { expect } from 'chai'
import { duration, failureInWords, printable, totalsInWords } from '../../../harness/reporters/words.ts'
import { totals } from './sample-run.ts'

describe('words of reports', () => {
  it('durations have the unit that reads best', () => {
    expect([0.4, 85.4, 999.4, 4200, 59_949, 59_951, 125_000].map(duration)).to.deep.equal([
      ...['0 ms', '85 ms', '999 ms', '4.2 s', '59.9 s', '1 min 00 s', '2 min 05 s'],
    ])
  })

  it('a failure says what, where, saw, mend, each on its line', () => {
    const text = failureInWords({
      kind: 'command',
      message: 'm',
      where: 'w',
      saw: 'one\ntwo',
      mend: 'do',
      stack: 'at x',
    })
    expect(text).to.equal('CommandError: m\n  where w\n  saw   one\n        two\n  mend  do')
  })

  it("only a fault of the lab's own code shows a stack, and only our part of it", () => {
    const stack =
      'Error: x\n    at body (file:///p/labs/a.ts:3:4)\n    at run (node:internal/x:1:1)\n    at f (/p/node_modules/m.js:1:1)'
    expect(failureInWords({ kind: 'lab', message: 'Error: x', stack })).to.equal(
      'LabError: Error: x\n  stack at body (file:///p/labs/a.ts:3:4)',
    )
  })

  it('totals leave out what did not happen', () => {
    const nothing = { passed: 0, failed: 0, skipped: 0 }
    const good = {
      ...totals,
      labs: { ...nothing, passed: 1 },
      steps: { ...nothing, passed: 3 },
      expectations: { passed: 2, failed: 0 },
    }
    expect(totalsInWords(good)).to.equal('steps 3 passed; commands 6; expectations 2 held')
    expect(totalsInWords({ ...good, labs: { passed: 1, failed: 1, skipped: 1 } })).to.match(
      /^labs 1 passed, 1 failed, 1 skipped; /,
    )
  })

  it('text of a guest loses its escape sequences, and keeps its tabs and lines', () => {
    expect(printable('a\tb\r\nc\x1b[1;31md\x1b[0m\x07\x7f')).to.equal('a\tb\ncd\\x07\\x7f')
  })
})
