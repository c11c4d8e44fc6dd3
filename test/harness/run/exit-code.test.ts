import { expect } from 'chai'
import type { Failure } from '../../../harness/events.ts'
import { exitCodeOf } from '../../../harness/run/exit-code.ts'

const failures = (...kinds: Array<Failure['kind']>) => kinds.map(kind => ({ kind, message: '' }))

const went = { interrupted: false, tested: true }

describe('the exit code', () => {
  it('says what can be said', () => {
    expect(exitCodeOf([], went)).to.equal(0)
    for (const kind of ['claim', 'command', 'lab', 'limit', 'residue'] as const) {
      expect(exitCodeOf(failures(kind), went), kind).to.equal(1)
    }
    expect(exitCodeOf(failures('host'), went)).to.equal(2)
    expect(exitCodeOf(failures('machine'), went)).to.equal(3)
    expect(exitCodeOf([], { ...went, interrupted: true })).to.equal(130)
  })

  it('of several labs is the graver one', () => {
    expect(exitCodeOf(failures('claim', 'machine'), went)).to.equal(3)
    expect(exitCodeOf(failures('host', 'claim'), went)).to.equal(1)
    expect(exitCodeOf(failures('claim', 'interrupted'), went)).to.equal(130)
  })

  it('of labs that were all skipped says that nothing was tested', () => {
    expect(exitCodeOf([], { interrupted: false, tested: false })).to.equal(2)
    expect(exitCodeOf(failures('claim'), { interrupted: false, tested: false })).to.equal(1)
    expect(exitCodeOf([], { interrupted: true, tested: false })).to.equal(130)
  })
})
