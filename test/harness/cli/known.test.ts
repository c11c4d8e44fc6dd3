import { expect } from 'chai'
import { nearest, unknownName } from '../../../harness/cli/known.ts'

describe('unknown names', () => {
  const labs = ['bridge-nat', 'publish-port', 'ifindex-pairing']

  it('have a nearest known one when they look like a typing error', () => {
    expect(nearest('bridge-nta', labs)).to.equal('bridge-nat')
    expect(nearest('Bridge', labs)).to.equal('bridge-nat')
    expect(nearest('qmeu', ['auto', 'qemu', 'sandbox'])).to.equal('qemu')
  })

  it('have none when nothing looks like them', () => {
    expect(nearest('overlay', labs)).to.equal(undefined)
    expect(nearest('', labs)).to.equal(undefined)
    expect(nearest('x', [])).to.equal(undefined)
  })

  it('are answered with all the known ones', () => {
    expect(unknownName('lab', 'publish', labs)).to.include({
      message: 'there is no lab "publish"',
      mend: 'did you mean publish-port? known: bridge-nat, publish-port, ifindex-pairing',
    })
  })
})
