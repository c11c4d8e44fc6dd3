import { expect } from 'chai'
import { HostError, MachineError } from '../../../../vm/errors.ts'
import { explainUp } from '../../../../vm/providers/vagrant/failure.ts'

const explain = (kind: string | undefined, said: string, booted = false) =>
  explainUp({ exitCode: 1, kind, lines: said.split('\n') }, { name: 'vagrant:trixie', suite: 'trixie', booted })

describe('a vagrant up that failed', () => {
  it('is the host’s turn before the machine has answered, with what to do about it', () => {
    const box = explain('Vagrant::Errors::BoxAddShortNotFound', "The box 'debian/trixie64' could not be found")
    expect(box).to.be.instanceOf(HostError)
    expect(box.message).to.include('debian/trixie64')
    expect(box.mend).to.match(/Debian trixie .*VETHLAB_BOX/)
    expect(explain('Vagrant::Errors::NoDefaultProvider', 'No usable default provider').mend).to.include(
      'vagrant-libvirt',
    )
    expect(
      explain('VagrantPlugins::ProviderLibvirt::Errors::FogLibvirtConnectionError', 'Failed to connect').mend,
    ).to.include('start libvirtd')
    // Ruby's own words, without a class of Vagrant's.
    const kvm =
      'Call to virDomainDefineXML failed: invalid argument: could not get preferred machine for domain type kvm'
    expect(explain(undefined, kvm).mend).to.include('VETHLAB_LIBVIRT_DRIVER=qemu')
    const unknown = explain(undefined, 'something else')
    expect(unknown).to.be.instanceOf(HostError)
    expect(unknown.mend).not.to.equal('')
  })

  it('is the machine’s when it had answered', () => {
    const failed = explain('Vagrant::Errors::VagrantError', 'E: Unable to locate package arping', true)
    expect(failed).to.be.instanceOf(MachineError)
    expect(failed.message).to.include('Unable to locate package')
  })
})
