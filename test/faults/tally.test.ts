import { expect } from 'chai'
import { inMarkdown, tally, withCounts } from './tally.ts'
import type { Trial } from './trial.ts'

const done = (fault: string, exitCode: number | undefined, noticedMs?: number, problems: string[] = []): Trial => ({
  ...{ fault, number: 0, lab: 'holds', struckMs: 1, exitCode, noticedMs, problems, said: '' },
})
const faults = [
  { name: 'kill-cli', what: 'the command line gets SIGKILL' },
  { name: 'kill-init', what: 'the init gets SIGKILL' },
  { name: 'other', what: 'what was not tried' },
]

describe('the tally of trials', () => {
  const trials = [
    done('kill-init', 3, 120),
    done('kill-cli', undefined),
    done('kill-init', 0),
    done('kill-init', 3, 260, ['a process is left']),
  ]

  it('counts each way to end, and takes the longest time', () => {
    expect(tally(faults, trials)).to.deep.equal([
      {
        what: 'the command line gets SIGKILL',
        trials: 1,
        ends: '1 × killed, nothing said',
        worstS: undefined,
        problems: 0,
      },
      {
        what: 'the init gets SIGKILL',
        ...{ trials: 3, ends: '2 × the machine died (3), 1 × every claim held (0)', worstS: 0.26, problems: 1 },
      },
    ])
  })

  it('is a table with the sums', () => {
    expect(inMarkdown(tally(faults, trials)).split('\n').slice(2)).to.deep.equal([
      '| the command line gets SIGKILL | 1 | 1 × killed, nothing said |  | 0 |',
      '| the init gets SIGKILL | 3 | 2 × the machine died (3), 1 × every claim held (0) | 0.3 s | 1 |',
      '| **all** | **4** | | | **1** |',
    ])
  })

  it('takes the place of the one before in a document', () => {
    const before = 'a\n<!-- counts -->\n\nold\n\n<!-- /counts -->\nb\n'
    expect(withCounts(before, 'new')).to.equal('a\n<!-- counts -->\n\nnew\n\n<!-- /counts -->\nb\n')
    expect(() => withCounts('a', 'new')).to.throw('no <!-- counts -->')
  })
})
