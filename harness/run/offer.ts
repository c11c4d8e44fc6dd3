import { defaultBackend } from '../../vm/backend.ts'
import type { ProviderName } from '../../vm/machine.ts'
import { canJoin } from '../../vm/segment.ts'
import type { MachineCell } from './cell.ts'
import type { Wiring } from './wiring.ts'

/** Their machines are made by others, who have chosen an iptables. */
const withTheirOwn: readonly ProviderName[] = ['vagrant', 'ssh']

/** Why a provider has no machines of this kind for a lab of this wiring, which is known before one is started; undefined where it has. */
export function notOffered({ provider, backend }: MachineCell, { machines, segments }: Wiring): string | undefined {
  const { name } = provider
  if (segments.length > 0 && !canJoin(provider))
    return `${name} can't join machines by a wire, and the lab needs ${machines.length}: qemu and sandbox can`
  if (backend !== defaultBackend && withTheirOwn.includes(name))
    return `${name} has machines with an iptables of their own: --backend ${backend} is for qemu and sandbox`
  return undefined
}
