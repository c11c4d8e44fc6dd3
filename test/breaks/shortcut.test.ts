import { expect } from 'chai'
import { along, isOf, wholly } from './shortcut.ts'

const hashes = ['1a', '2a', '3a']

describe('a shortcut to a break', () => {
  it('is one as long as the lab’s text is the same up to its last step', () => {
    expect(isOf({ steps: [1, 2], until: '2a' }, { hashes, needed: [2] })).to.equal(true)
    expect(isOf({ steps: [1, 2], until: '2a' }, { hashes: ['1a', '2a', '3b'], needed: [2] })).to.equal(true)
    expect(isOf({ steps: [1, 2], until: '2a' }, { hashes: ['1b', '2b', '3b'], needed: [2] })).to.equal(false)
    expect(isOf({ steps: [1, 4], until: '4a' }, { hashes, needed: [1] })).to.equal(false)
  })

  it('is none where it leaves out what the break needs', () => {
    expect(isOf({ steps: [1, 3], until: '3a' }, { hashes, needed: [2, 3] })).to.equal(false)
    expect(isOf({ steps: [1, 3], until: '3a' }, { hashes, needed: [1, 3] })).to.equal(true)
  })

  it('runs its steps and no other, with patience of what they took undisturbed', () => {
    const { omits, patienceMs } = along({ steps: [1, 3], tookMs: 500 }, { step: 'a step' })
    expect([1, 2, 3, 4].filter(step => !omits?.(step))).to.deep.equal([1, 3])
    const patience = (tookMs: number) => along({ steps: [1], tookMs }, { step: 'a step' }).patienceMs?.('')
    expect(patienceMs?.('')).to.equal(1500)
    expect([patience(0), patience(4000)]).to.deep.equal([1000, 5000])
  })

  it('cleans up only where it is what is left behind that must tell', () => {
    expect(along({ steps: [1], tookMs: 0 }, { step: undefined }).abandons).to.equal('failed')
    expect(along({ steps: [1], tookMs: 0 }, { step: 'a step' }).abandons).to.equal('always')
    expect(wholly({ step: undefined }).abandons).to.equal('failed')
  })
})
