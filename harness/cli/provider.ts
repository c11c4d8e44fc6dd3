import { HostError } from '../../vm/errors.ts'
import type { Use } from '../../vm/host/packages.ts'
import type { Machine, Provider } from '../../vm/machine.ts'
import type { Choice, ChooseOptions } from '../../vm/providers/choose.ts'
import { unknownName } from './known.ts'

const named = ['auto', 'qemu', 'sandbox', 'vagrant']

/** Reads `--on`: a place, or several providers, `sandbox,qemu`. @throws HostError for what is no place, or can't be one of several */
export function placesMeant(text: string): string[] {
  const places = [...new Set(text.split(',').map(place => place.trim()))]
  for (const place of places) {
    if (!named.includes(place) && !/^ssh:\/\/[^/]/.test(place))
      throw unknownName('place', place, [...named, 'ssh://user@host[:port]'])
    if (places.length > 1 && (place === 'auto' || place.startsWith('ssh://'))) {
      const what = place === 'auto' ? 'auto chooses one' : `${place} is one machine, of a suite of its own`
      throw new HostError(`--on ${text} names several places, and ${what}`, {
        mend: 'name providers: --on sandbox,qemu',
      })
    }
  }
  return places
}

/** The provider for `--on`, once this host has the packages that it needs. `cold`: its machines boot. */
export async function provide(on: string, options: ChooseOptions & { keep: boolean; cold: boolean }): Promise<Choice> {
  // Loaded here, as listing the labs and the help need none of it.
  const [{ chooseProvider }, { findKvmDevice }, { installMissing }] = await Promise.all([
    import('../../vm/providers/choose.ts'),
    import('../../vm/providers/kvm.ts'),
    import('../../vm/host/packages.ts'),
  ])
  const root = process.platform === 'linux' && process.getuid?.() === 0
  const uses = usesOf(on, { root, keep: options.keep, kvm: on === 'auto' && (await findKvmDevice()).ok })
  if (uses.length > 0) await installMissing(uses)
  const { provider, why } = await chooseProvider(on, options)
  return { provider: options.cold ? booting(provider) : provider, why }
}

function booting(provider: Provider): Provider {
  return { ...provider, start: request => provider.start({ ...request, cold: true }) }
}

/** How machines will run: known before one is started, as the answer is remembered. */
export async function acceleratorOf({ name }: Provider, options: ChooseOptions): Promise<Machine['accelerator']> {
  if (name !== 'qemu' && name !== 'vagrant') return 'host'
  const [{ decideKvm, findKvmDevice }, { ensureImage }] = await Promise.all([
    import('../../vm/providers/kvm.ts'),
    import('../../vm/image/image.ts'),
  ])
  // The hypervisor's own affair: the device is all that can be seen of it from here.
  if (name === 'vagrant') return (await findKvmDevice()).ok ? 'kvm' : 'tcg'
  return (await decideKvm(() => ensureImage(options.suite, options), options)).works ? 'kvm' : 'tcg'
}

/** What this host's packages are needed for. `auto` tries KVM where its device is there, which takes QEMU. */
export function usesOf(on: string, { root, kvm, keep }: { root: boolean; kvm: boolean; keep: boolean }): Use[] {
  const qemu: Use[] = keep ? ['qemu', 'keep'] : ['qemu']
  if (on === 'qemu') return qemu
  // Who can't have a sandbox is told so, and needs nothing installed for it.
  if (on === 'sandbox') return root ? ['sandbox'] : []
  if (on !== 'auto') return []
  return [...(root ? (['sandbox'] as const) : []), ...(kvm || !root ? qemu : [])]
}
