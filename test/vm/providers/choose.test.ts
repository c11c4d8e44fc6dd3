import { expect } from 'chai'
import { HostError } from '../../../vm/errors.ts'
import { automatic, chooseProvider } from '../../../vm/providers/choose.ts'
import { defaultSuite } from '../../../vm/suite.ts'

const options = { suite: defaultSuite, report: () => {}, signal: new AbortController().signal }
const broken = { works: false, saw: 'KVM opens but boots no kernel' }

describe('the choice of a provider', () => {
  it('follows the user', async () => {
    for (const on of ['qemu', 'sandbox'] as const) {
      const { provider, why } = await chooseProvider(on, options)
      expect(provider.name).to.equal(on)
      expect(why).to.equal(`${on}: you asked for it`)
    }
    expect((await chooseProvider('ssh://root@192.0.2.7', options)).provider.name).to.equal('ssh')
  })

  it('is a virtual machine where KVM works, root or not', () => {
    for (const root of [true, false]) {
      const { provider, why } = automatic({ kvm: { works: true, saw: 'KVM works' }, root })
      expect(provider.name).to.equal('qemu')
      expect(why).to.equal('qemu: KVM works')
    }
  })

  it('is the sandbox for root where KVM does not work', () => {
    const { provider, why } = automatic({ kvm: broken, root: true })
    expect(provider.name).to.equal('sandbox')
    expect(why).to.equal('sandbox: KVM opens but boots no kernel, and you are root')
  })

  it('is an emulated machine for everybody else', () => {
    const { provider, why } = automatic({ kvm: broken, root: false })
    expect(provider.name).to.equal('qemu')
    expect(why).to.equal('qemu, emulated: KVM opens but boots no kernel, and the sandbox needs root')
  })

  it('lists the known ones where one is unknown', async () => {
    const failure = await chooseProvider('vmware', options).catch(error => error)
    expect(failure).to.be.instanceOf(HostError)
    expect(failure.message).to.include('"vmware"')
    for (const known of ['auto', 'qemu', 'sandbox', 'ssh://user@host']) expect(failure.mend).to.include(known)
  })
})
