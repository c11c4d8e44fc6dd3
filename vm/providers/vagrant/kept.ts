import type { Entry } from '../../machine.ts'
import type { MachineStatus } from '../run-dir/describe.ts'
import { environmentOf, type Place, placesKept } from './place.ts'

/** The machines of Vagrant's that were kept; what they take, the hypervisor knows. */
export async function keptByVagrant(): Promise<MachineStatus[]> {
  return (await placesKept()).map(({ owner, ...place }) => {
    const { label, suite } = place.settings
    const unknown = { pid: undefined, ageS: undefined, memory: undefined }
    return {
      name: place.name,
      label,
      provider: 'vagrant',
      suite,
      state: 'kept',
      owner,
      ...unknown,
      kept: entryOf(place),
    }
  })
}

/** How a machine is entered and removed by hand. */
export function entryOf(place: Place): Omit<Entry, 'name'> {
  return { enter: byHand(place, "ssh --command 'sudo -i' -- -t"), remove: byHand(place, 'destroy --force') }
}

/** A command for the host's shell. */
function byHand(place: Place, command: string): string {
  const { VETHLAB_ENGINE: _, VETHLAB_LIBVIRT_DRIVER: __, ...env } = environmentOf(place)
  const words = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`)
  return `${words.join(' ')} vagrant ${command}`
}

function quote(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
