import { HostError, MachineError } from '../../errors.ts'
import type { Suite } from '../../suite.ts'
import type { Ended } from './command.ts'

/** Why `vagrant up` failed, and whose turn it is. `booted`: the machine had answered by then. */
export function explainUp(
  { kind = '', lines }: Ended,
  { name, suite, booted }: { name: string; suite: Suite; booted: boolean },
): HostError | MachineError {
  const said = lines.slice(-6).join('\n')
  if (booted) {
    return new MachineError(`${name} did not become what labs expect:\n${said}`, {
      mend: 'run it again; if it fails again, vagrant up in the project’s folder leaves a machine to look at',
    })
  }
  const [, mend] = mends.find(([pattern]) => pattern.test(kind) || pattern.test(said)) ?? []
  return new HostError(`vagrant up failed: ${said || kind || 'it said nothing'}`, {
    mend: mend?.(suite) ?? 'mend what it says, and see whether vagrant up works in the project’s folder',
  })
}

/** By Vagrant's class of the error, or by what it said. */
const mends: [RegExp, (suite: Suite) => string][] = [
  [
    /Box(Add|NotFound|Metadata)|DownloaderError/,
    suite => `name a box of Debian ${suite} for your hypervisor in VETHLAB_BOX: ${boxHint}`,
  ],
  [
    /NoDefaultProvider|ProviderNot(Found|Usable)|ProviderCantInstall/,
    () => 'install VirtualBox, or vagrant-libvirt (on Debian: sudo apt-get install vagrant-libvirt)',
  ],
  [
    /LibvirtConnectionError|Unable to connect to libvirt|libvirt-sock/i,
    () => 'start libvirtd (sudo systemctl start libvirtd), and be in its group: sudo usermod -aG libvirt "$USER"',
  ],
  [
    /domain type kvm|KVM is not available|\/dev\/kvm/i,
    () => 'have libvirt emulate the machine: VETHLAB_LIBVIRT_DRIVER=qemu',
  ],
]

const boxHint = 'vagrant box list shows those that you have, docs/vagrant.md who publishes which'
