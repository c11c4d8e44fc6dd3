import { HostError } from '../errors.ts'
import { ensureImage } from '../image/image.ts'
import type { Provider } from '../machine.ts'
import type { Suite } from '../suite.ts'
import { decideKvm, type KvmVerdict } from './kvm.ts'
import { qemu } from './qemu.ts'
import { sandbox } from './sandbox.ts'
import { sshProvider } from './ssh.ts'
import { vagrant } from './vagrant.ts'

export interface ChooseOptions {
  suite: Suite
  /** Told in one line, for people, what takes time: KVM is tried with the suite's own kernel, which may have to be built. */
  report(line: string): void
  signal: AbortSignal
  /** The machine named by ssh:// may be changed, although no file on it says so. */
  disposable?: boolean
}

export interface Choice {
  provider: Provider
  /** One line for people: what was chosen, and why. */
  why: string
}

/** What may be said after `--on`. */
export const places = ['auto', 'qemu', 'sandbox', 'vagrant', 'ssh://user@host[:port]'] as const

/** Finds the provider that `on` names. Throws a HostError that lists the known ones when there's none of that name. */
export async function chooseProvider(on: string, options: ChooseOptions): Promise<Choice> {
  if (on.startsWith('ssh://')) return { provider: sshProvider(on, options), why: `ssh: you named ${on}` }
  switch (on) {
    case 'qemu':
      return { provider: qemu, why: 'qemu: you asked for it' }
    case 'sandbox':
      return { provider: sandbox, why: 'sandbox: you asked for it' }
    case 'vagrant':
      return { provider: vagrant, why: 'vagrant: you asked for it' }
    case 'auto': {
      const kvm = await decideKvm(() => ensureImage(options.suite, options), options)
      return automatic({ kvm, root: process.platform === 'linux' && process.getuid?.() === 0 })
    }
    default:
      throw new HostError(`no place is called ${JSON.stringify(on)}`, { mend: `--on takes ${places.join(', ')}` })
  }
}

/** The choice where the user left it to us: a real kernel at full speed, else speed, else a real kernel. */
export function automatic({ kvm, root }: { kvm: KvmVerdict; root: boolean }): Choice {
  if (kvm.works) return { provider: qemu, why: `qemu: ${kvm.saw}` }
  if (root) return { provider: sandbox, why: `sandbox: ${kvm.saw}, and you are root` }
  return { provider: qemu, why: `qemu, emulated: ${kvm.saw}, and the sandbox needs root` }
}
