import { expect } from 'chai'
import type { Unproved } from '../../harness/claims/proved.ts'
import { type Circumstances, holds } from '../../harness/claims/verdict.ts'
import type { JsonReport } from '../../harness/reporters/json-report.ts'
import { toldOf, toldOfAll } from './unproved.ts'

const ran = { labs: [{ machine: { engine: '26.1.5', iptablesBackend: 'nft' } }] } as unknown as JsonReport
const unproved = (why: string, on: Circumstances = {}): Unproved => {
  return { why, proof: { lab: 'a-lab', step: { number: 3, title: 'third' }, judgement: holds('S001-1', on) } }
}

describe('what a run of one lab has left unproved', () => {
  it('is what was meant for such a machine', () => {
    const told = 'S001-1 by a-lab 3: the step judged nothing'
    expect(toldOf([unproved('the step judged nothing')], ran)).to.deep.equal([told])
    expect(toldOf([unproved('the step judged nothing', { engine: '<28', backend: 'nft' })], ran)).to.deep.equal([told])
  })

  it('is not what is meant for another engine, or the other backend', () => {
    expect(toldOf([unproved('no run with engine >=28', { engine: '>=28' })], ran)).to.deep.equal([])
    expect(toldOf([unproved('no run with backend legacy', { backend: 'legacy' })], ran)).to.deep.equal([])
  })

  it('is not what needs another kernel, nor is it so of runs on all machines', () => {
    const lacking = unproved('the step was skipped: the kernel has no ip_vs')
    expect(toldOf([lacking], ran)).to.deep.equal([])
    expect(toldOfAll([lacking])).to.deep.equal([])
    expect(toldOfAll([unproved('no run with engine >=28', { engine: '>=28' })])).to.have.length(1)
  })

  it('is what the machine could not do for want of an engine of that age', () => {
    expect(toldOf([unproved('the step was skipped: it needs engine >=99')], ran)).to.have.length(1)
  })
})
