import { expect } from 'chai'
import type { Failure } from '../../../harness/events.ts'
import { exitCodeOf } from '../../../harness/run/exit-code.ts'

const failures = (...kinds: Array<Failure['kind']>) => kinds.map(kind => ({ kind, message: '' }))

describe('the exit code', () => {
  it('says what can be said', () => {
    expect(exitCodeOf([], false)).to.equal(0)
    for (const kind of ['claim', 'command', 'lab', 'limit', 'residue'] as const) {
      expect(exitCodeOf(failures(kind), false), kind).to.equal(1)
    }
    expect(exitCodeOf(failures('host'), false)).to.equal(2)
    expect(exitCodeOf(failures('machine'), false)).to.equal(3)
    expect(exitCodeOf([], true)).to.equal(130)
  })

  it('of several labs is the graver one', () => {
    expect(exitCodeOf(failures('claim', 'machine'), false)).to.equal(3)
    expect(exitCodeOf(failures('host', 'claim'), false)).to.equal(1)
    expect(exitCodeOf(failures('claim', 'interrupted'), false)).to.equal(130)
  })
})
