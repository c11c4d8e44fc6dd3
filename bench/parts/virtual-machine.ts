import { ensureImage } from '../../vm/image/image.ts'
import { decideKvm } from '../../vm/providers/kvm.ts'
import type { Accelerator } from '../../vm/providers/qemu/argv.ts'
import { requireQemu } from '../../vm/providers/qemu/check.ts'
import { startVirtualMachine, type VirtualMachine } from '../../vm/providers/qemu/start.ts'
import { defaultSuite } from '../../vm/suite.ts'

const options = { report: (line: string) => console.error(line), signal: new AbortController().signal }
const program = requireQemu()

export const image = await ensureImage(defaultSuite, options)
const kvm = await decideKvm(async () => image, options)
export const accelerator: Accelerator = kvm.works ? 'kvm' : 'tcg'

/** Starts a virtual machine as the provider does: a clone, unless it is to be cold. */
export async function start(kind: { engine: boolean; cold: boolean; hostname?: string }): Promise<VirtualMachine> {
  const own = { label: 'bench', name: 'qemu:bench', suite: defaultSuite, keep: false }
  return await startVirtualMachine({ ...options, ...own, ...kind, accelerator, program, image })
}

/** The process that is the machine. */
export function pidOf(machine: VirtualMachine): number {
  return Number(machine.entry.remove.split(' ')[1])
}
