import { expect } from 'chai'
import type { Failure } from '../../../harness/events.ts'
import type { Account } from '../../../harness/repeat/account.ts'
import { differences } from '../../../harness/repeat/compare.ts'

const step = '1. br01 is a bridge'
const of = (repetition: number, rest: Partial<Account> = {}): Account => ({
  ...{
    repetition,
    status: 'passed',
    failure: undefined,
    failedStep: undefined,
    undo: ['ip link delete br01'],
    residue: [],
  },
  steps: new Map([
    [step, { commands: ['brctl addbr br01', 'brctl show'], expectations: ['link br01 should be a bridge passed'] }],
  ]),
  ...rest,
})
const steps = (commands: string[], expectations: string[] = []) => ({
  steps: new Map([[step, { commands, expectations }]]),
})
const failed = (repetition: number, message: string): Account => {
  const failure: Failure = { kind: 'claim', message }
  return of(repetition, { status: 'failed', failure, failedStep: step, steps: new Map(), undo: [], residue: [] })
}

describe('the runs of a lab', () => {
  it('that are alike differ in nothing', () => {
    expect(differences([of(1), of(2), of(3)])).to.deep.equal([])
    expect(differences([failed(1, 'x'), failed(2, 'x')])).to.deep.equal([])
    expect(differences([of(1)])).to.deep.equal([])
    expect(differences([])).to.deep.equal([])
  })

  it('are alike in whatever order their commands ended', () => {
    expect(differences([of(1, steps(['a', 'b', 'b'])), of(2, steps(['b', 'a', 'b']))])).to.deep.equal([])
  })

  it('differ in how they ended: step and claim', () => {
    expect(differences([of(1), failed(2, 'it should answer'), of(3), failed(4, 'it should be up')])).to.deep.equal([
      {
        what: 'how it ended',
        variants: [
          { repetitions: [1, 3], saw: 'passed' },
          { repetitions: [2], saw: `failed in step ${step}: it should answer` },
          { repetitions: [4], saw: `failed in step ${step}: it should be up` },
        ],
      },
    ])
  })

  it('are the same failure where only an id differs', () => {
    const runs = [
      failed(1, 'container 6850841db638 should be there'),
      failed(2, 'container 2524618aaef6 should be there'),
    ]
    expect(differences(runs)).to.deep.equal([])
  })

  it('differ in what was done in a step that passed: only the lines that not all have are shown', () => {
    const runs = [
      of(1, steps(['a', 'b'])),
      of(2, steps(['a', 'b', 'b'])),
      of(3, steps(['a', 'c'])),
      of(4, steps(['a', 'b'])),
    ]
    expect(differences(runs)).to.deep.equal([
      {
        what: `commands of step ${step}`,
        variants: [
          { repetitions: [1, 4], saw: 'b' },
          { repetitions: [2], saw: '2 × b' },
          { repetitions: [3], saw: 'c' },
        ],
      },
    ])
  })

  it('differ in what was judged, undone and left', () => {
    const judged = differences([of(1, steps([], ['x passed'])), of(2, steps([]))])
    expect(judged).to.deep.equal([
      {
        what: `expectations of step ${step}`,
        variants: [
          { repetitions: [1], saw: 'x passed' },
          { repetitions: [2], saw: 'none of these' },
        ],
      },
    ])
    expect(differences([of(1), of(2, { undo: [] })]).map(({ what }) => what)).to.deep.equal([
      'commands of the clean-up',
    ])
    expect(differences([of(1), of(2, { residue: ['+ link br01'] })]).map(({ what }) => what)).to.deep.equal([
      'what stayed behind',
    ])
  })

  it('that failed are not blamed for what they did not come to', () => {
    const [, ...more] = differences([of(1), of(2), failed(3, 'x')])
    expect(more).to.deep.equal([])
  })
})
