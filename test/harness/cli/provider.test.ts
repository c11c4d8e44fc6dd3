import { expect } from 'chai'
import { placesMeant, usesOf } from '../../../harness/cli/provider.ts'
import { HostError } from '../../../vm/errors.ts'

describe('--on', () => {
  it('takes the known places', () => {
    for (const place of ['auto', 'qemu', 'sandbox', 'vagrant', 'ssh://root@192.0.2.7:2222'])
      expect(placesMeant(place)).to.deep.equal([place])
  })

  it('lists the known places for any other', () => {
    for (const place of ['qmeu', 'ssh://', 'ssh:///x', '', 'sandbox,', 'sandbox,qmeu']) {
      expect(() => placesMeant(place))
        .to.throw(HostError)
        .with.property('mend')
        .which.includes('known: auto, qemu, sandbox, vagrant, ssh://user@host[:port]')
    }
  })

  it('takes several providers, but not what is a choice or a single machine', () => {
    expect(placesMeant('sandbox, qemu,sandbox')).to.deep.equal(['sandbox', 'qemu'])
    expect(() => placesMeant('auto,qemu')).to.throw(HostError, 'names several places, and auto chooses one')
    expect(() => placesMeant('qemu,ssh://h')).to.throw(HostError, 'ssh://h is one machine')
  })

  it('needs the packages of the place, and no others', () => {
    const root = { root: true, kvm: false, keep: false }
    const user = { ...root, root: false }
    expect(usesOf('ssh://h', user)).to.deep.equal([])
    expect(usesOf('sandbox', root)).to.deep.equal(['sandbox'])
    expect(usesOf('sandbox', user)).to.deep.equal([])
    expect(usesOf('qemu', { ...user, keep: true })).to.deep.equal(['qemu', 'keep'])
    expect(usesOf('auto', root)).to.deep.equal(['sandbox'])
    expect(usesOf('auto', { ...root, kvm: true })).to.deep.equal(['sandbox', 'qemu'])
    expect(usesOf('auto', user)).to.deep.equal(['qemu'])
  })
})
