import { expect } from 'chai'
import type { LabMutations, Tried } from '../../harness/mutate/report.ts'
import { type Recorded, verdictOn } from './recorded.ts'

const mutation = (id: string, change: string, outcome: Tried['outcome']): Tried => {
  const at = { step: 2, command: 1, machine: null, text: '', occurrence: 1, where: '' }
  return { id, change, outcome, at, operator: 'leave-out', act: { kind: 'leave-out' }, unseen: null }
}
const killedIn = (step: number | null): Tried['outcome'] => {
  return { result: 'killed', by: { step, kind: 'claim', message: '', ms: 1 } }
}

const record: LabMutations = {
  ...{
    lab: 'a-lab',
    sha256: '',
    steps: ['1a', '2a', '3a'],
    machine: '',
    commands: 3,
    looking: 0,
    found: 6,
    unseen: [],
  },
  mutations: [
    mutation('1.1 leave-out', 'without one', killedIn(1)),
    mutation('2.1 leave-out', 'without two', killedIn(2)),
    mutation('2.2 leave-out', 'without three', { result: 'survived' }),
    mutation('2.3 leave-out', 'without four', { result: 'not applicable', because: 'idle' }),
    mutation('2.4 leave-out', 'without five', { result: 'untried', because: 'no machine' }),
    mutation('3.1 leave-out', 'without six', killedIn(null)),
  ],
}
const now = { titles: ['first', 'second', 'third'], hashes: ['1a', '2a', '3a'] }

const one = (change: string, id: string, step = 'second'): Recorded => ({ mutation: id, change, step })
const told = (recorded: Recorded, steps = now.hashes, of: LabMutations | undefined = record) => {
  const verdict = verdictOn(recorded, of, { ...now, hashes: steps })
  return verdict.kind === 'noticed' ? verdict.kind : `${verdict.kind}: ${verdict.why}`
}

describe('a break that is on record', () => {
  it('was noticed where the record has this mutation, killed in the step of that title', () => {
    expect(told(one('without two', '2.1 leave-out'))).to.equal('noticed')
  })

  it('is wrong where another step noticed it, what was left behind, or nothing', () => {
    expect(told(one('without two', '2.1 leave-out', 'third'))).to.equal('wrong: "second" noticed it')
    expect(told(one('without one', '1.1 leave-out'))).to.equal('wrong: "first" noticed it')
    expect(told(one('without six', '3.1 leave-out'))).to.equal('wrong: what is left behind told it')
    expect(told(one('without three', '2.2 leave-out'))).to.equal('wrong: nothing noticed it: survived')
    expect(told(one('without four', '2.3 leave-out'))).to.equal('wrong: nothing noticed it: not applicable')
  })

  it('is wrong where the lab as it is has no such mutation, or another of this name', () => {
    expect(told(one('without two', '2.9 leave-out'))).to.equal('wrong: there is no 2.9 leave-out')
    expect(told(one('without too', '2.1 leave-out'))).to.equal('wrong: 2.1 leave-out is: without two')
  })

  it('is believed as long as the lab is the same up to the step that noticed it, and no longer', () => {
    expect(told(one('without two', '2.1 leave-out'), ['1a', '2a', '3b'])).to.equal('noticed')
    const changed = 'silent: the lab has changed since'
    expect(told(one('without two', '2.1 leave-out'), ['1a', '2b', '3b'])).to.equal(changed)
    expect(told(one('without two', '2.9 leave-out'), ['1a', '2a', '3b'])).to.equal(changed)
    expect(told(one('without three', '2.2 leave-out'), ['1a', '2a', '3a', '4a'])).to.equal(changed)
  })

  it('must be tried where nothing is on record, or no machine could be broken', () => {
    expect(verdictOn(one('without two', '2.1 leave-out'), undefined, now).kind).to.equal('silent')
    expect(told(one('without five', '2.4 leave-out'))).to.equal('silent: it could not be tried: no machine')
  })
})
