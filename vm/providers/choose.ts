import { HostError } from '../errors.ts'
import { ensureImage } from '../image/image.ts'
import type { Provider } from '../machine.ts'
import type { Suite } from '../suite.ts'
import { decideKvm, findKvmDevice } from './kvm.ts'
import { requireQemu } from './qemu/check.ts'
import { qemu } from './qemu.ts'
import { sandbox } from './sandbox.ts'
import { sshProvider } from './ssh.ts'

export interface ChooseOptions {
  suite: Suite
  /** Told in one line, for people, what takes time: KVM is tried with the suite's own kernel, which may have to be built. */
  report(line: string): void
  signal: AbortSignal
}

export interface Choice {
  provider: Provider
  /** One line for people: what was chosen, and why. */
  why: string
}

/** What may be said after `--on`. */
export const places = ['auto', 'qemu', 'sandbox', 'ssh://user@host[:port]'] as const

/** Finds the provider that `on` names. Throws a HostError that lists the known ones when there's none of that name. */
export async function chooseProvider(on: string, options: ChooseOptions): Promise<Choice> {
  if (on.startsWith('ssh://')) return { provider: sshProvider(on), why: `ssh: you named ${on}` }
  switch (on) {
    case 'qemu':
      return { provider: qemu, why: 'qemu: you asked for it' }
    case 'sandbox':
      return { provider: sandbox, why: 'sandbox: you asked for it' }
    case 'auto': {
      const kvm = await tryKvm(options)
      return automatic({ kvm, root: process.platform === 'linux' && process.getuid?.() === 0 })
    }
    default:
      throw new HostError(`no place is called ${JSON.stringify(on)}`, { mend: `--on takes ${places.join(', ')}` })
  }
}

/** The choice where the user left it to us: a real kernel at full speed, else speed, else a real kernel. */
export function automatic({ kvm, root }: { kvm: { works: boolean; saw: string }; root: boolean }): Choice {
  if (kvm.works) return { provider: qemu, why: `qemu: ${kvm.saw}` }
  if (root) return { provider: sandbox, why: `sandbox: ${kvm.saw}, and you are root` }
  return { provider: qemu, why: `qemu, emulated: ${kvm.saw}, and the sandbox needs root` }
}

/** Looks at the cheap things first: an image is built, and a kernel booted, only where that can come out well. */
async function tryKvm({ suite, report, signal }: ChooseOptions): Promise<{ works: boolean; saw: string }> {
  try {
    requireQemu()
  } catch (error) {
    return { works: false, saw: error instanceof Error ? error.message : String(error) }
  }
  const device = await findKvmDevice()
  if (!device.ok) return { works: false, saw: `/dev/kvm: ${device.saw}` }
  return await decideKvm(await ensureImage(suite, { report, signal }), { signal })
}
