import { expect } from 'chai'
import { agree } from '../../harness/docker.ts'

describe('the Docker API version', () => {
  it('is the newest that both sides know', () => {
    expect(agree('1.41', '1.12')).to.equal('1.41')
    expect(agree('1.51', '1.24')).to.equal('1.51')
    expect(agree('1.60', '1.44')).to.equal('1.51')
    expect(agree('1.9', '1.1')).to.equal('1.9')
  })

  it('is the oldest that the engine still speaks where both sides have nothing in common', () => {
    expect(agree('1.80', '1.60')).to.equal('1.60')
  })
})
