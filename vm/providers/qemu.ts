import { HostError } from '../errors.ts'
import { ensureImage } from '../image/image.ts'
import { aptLine, findTool } from '../image/tools.ts'
import { type Machine, type MachineRequest, machineName } from '../machine.ts'
import type { Joiner } from '../segment.ts'
import { decideKvm } from './kvm.ts'
import { checkQemu, requireQemu } from './qemu/check.ts'
import { joinVirtualMachines } from './qemu/segment.ts'
import { startVirtualMachine } from './qemu/start.ts'
import { explainRunDirError } from './run-dir/base.ts'

/**
 * A virtual machine with Debian's own kernel, without privileges: under KVM where that works, else emulated, which is
 * several times slower but proves the same.
 */
export const qemu: Joiner = { name: 'qemu', check: checkQemu, start, join: joinVirtualMachines }

async function start(request: MachineRequest): Promise<Machine> {
  const { suite, keep, report, signal } = request
  const program = requireQemu()
  if (keep && findTool('socat') === undefined) {
    throw new HostError('socat is not installed, which entering a kept machine needs', { mend: aptLine(['socat']) })
  }
  const image = await ensureImage(suite, { report, signal })
  const kvm = await decideKvm(async () => image, { signal })
  if (!kvm.works) report(`the machine runs emulated, several times slower: ${kvm.saw}`)
  const accelerator = kvm.works ? 'kvm' : 'tcg'
  return await startVirtualMachine({
    ...request,
    name: machineName('qemu', request),
    program,
    image,
    accelerator,
  }).catch(error => {
    throw explainRunDirError(error)
  })
}
