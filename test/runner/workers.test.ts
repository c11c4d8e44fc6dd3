import { expect } from 'chai'
import { roomHere, workersThatFit } from './workers.ts'

describe('how many test files are run side by side', () => {
  it('depends on the cores', () => {
    expect(workersThatFit({ cores: 2, freeMiB: 1e6 })).to.equal(2 * workersThatFit({ cores: 1, freeMiB: 1e6 }))
  })

  it('and on the memory, but it is one at least', () => {
    expect(workersThatFit({ cores: 64, freeMiB: 4096 })).to.equal(4)
    expect(workersThatFit({ cores: 64, freeMiB: 100 })).to.equal(1)
  })

  it('is known of this host', () => {
    expect(workersThatFit(roomHere())).to.be.at.least(1)
  })
})
