import { expect } from 'chai'
import type { ProvenRun } from '../../../harness/ledger/ledger.ts'
import { undeclaredChanges } from '../../../harness/ledger/undeclared.ts'

const run = (engine: string, texts: string[], { since = 0, status = 'passed', backend = 'nft' } = {}) => {
  const expectations = texts.map(text => ({ text, status: 'passed', saw: '' }))
  const changed = since > 0 ? [{ since, of: 'names', says: 'It is so' }] : []
  const steps = [
    { number: 1, status: 'passed', expectations: [], changed },
    { number: 2, status, expectations, changed: [] },
  ]
  return { lab: { name: 'own', steps }, cell: { engine, backend }, on: '2026-03-01' } as unknown as ProvenRun
}
const rule = (chain: string) => `iptables filter rules should have rule -A ${chain} -i docker0 -j ACCEPT`
const old = run('26.1', ['same', rule('FORWARD')])

describe('a lab that expects other rules of a newer engine', () => {
  it('is found, with the rules, where no step says what changed', () => {
    const now = run('28.5', ['same', rule('DOCKER-FORWARD')])
    expect(undeclaredChanges([now, run('20.10', ['same', rule('FORWARD')]), old])).to.deep.equal([
      {
        ...{ lab: 'own', step: 2 },
        before: { engine: '26.1', shows: [rule('FORWARD')] },
        after: { engine: '28.5', shows: [rule('DOCKER-FORWARD')] },
      },
    ])
  })

  it('is right where a step says what changed just then', () => {
    const texts = ['same', rule('DOCKER-FORWARD')]
    expect(undeclaredChanges([old, run('28.5', texts, { since: 28 })])).to.deep.equal([])
    expect(undeclaredChanges([old, run('28.5', texts, { since: 26 })])).to.have.length(1)
  })

  it('is not told by other words, by a step that was not run, or by the other iptables', () => {
    expect(undeclaredChanges([old, run('28.5', ['another', rule('FORWARD')])])).to.deep.equal([])
    expect(undeclaredChanges([old, run('28.5', [], { status: 'skipped' })])).to.deep.equal([])
    expect(undeclaredChanges([old, run('28.5', [], { backend: 'legacy' })])).to.deep.equal([])
  })
})
