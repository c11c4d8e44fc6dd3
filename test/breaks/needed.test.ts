import { expect } from 'chai'
import { labOf } from '../harness/run/outcome.ts'
import { neededSteps } from './needed.ts'

/** A lab of three steps that run these. */
const of = (...runs: (() => Promise<unknown>)[]) =>
  labOf('small', ({ step }) => {
    for (const [i, run] of runs.entries()) step(`step ${i + 1}`, run)
  })
const one = async () => 1
const two = async () => 2
const three = async () => 3
const other = async () => 'other'

describe('the steps without which a break can’t be noticed', () => {
  const whole = of(one, two, three)

  it('are those that it changes, and the one that must turn red', () => {
    expect(neededSteps(whole, of(one, other, three), 'step 3')).to.deep.equal([2, 3])
    expect(neededSteps(whole, of(other, two, other), 'step 3')).to.deep.equal([1, 3])
    expect(neededSteps(whole, of(one, two, other), 'step 3')).to.deep.equal([3])
  })

  it('are the one that must turn red where what it changes is no step’s', () => {
    expect(neededSteps(whole, of(one, two, three), 'step 2')).to.deep.equal([2])
  })

  it('are those that it changes where no step must turn red', () => {
    expect(neededSteps(whole, of(other, two, three), undefined)).to.deep.equal([1])
  })
})
