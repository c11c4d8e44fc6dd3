import { type Backend, backends } from '../../vm/backend.ts'
import { isKernelFeature, type KernelFeature, kernelFeatures } from './kernel.ts'
import { isIn, type VersionRange } from './version.ts'

/** What a lab or a step needs beyond what each machine has. */
export interface Needs {
  /** What the guest's kernel must have. */
  kernel?: readonly KernelFeature[]
  /** The engine's version: `<28`, `>=26.1`. */
  engine?: VersionRange
  /** What iptables writes its rules to. */
  backend?: Backend
}

/** What a machine has of what is asked for. */
export interface Offer {
  /** What the kernel lacks of all that the lab and its steps ask for. */
  missing: readonly KernelFeature[]
  /** The version of the engine's package; null where there is none. */
  engine: string | null
  /** `nft` or `legacy`; null where there is no iptables. */
  backend: string | null
}

/** Why these needs can't be met: `the kernel has no ip_vs and no esp4`; undefined where they can. */
export function unmet({ kernel = [], engine, backend }: Needs, offer: Offer): string | undefined {
  const missing = kernel.filter(name => offer.missing.includes(name))
  const lacks = missing.length > 0 ? [`the kernel has ${missing.map(name => `no ${name}`).join(' and ')}`] : []
  const seen = offer.engine === null ? 'there is no engine' : `the engine is ${offer.engine}, and not ${engine}`
  if (engine !== undefined && (offer.engine === null || !isIn(engine, offer.engine))) lacks.push(seen)
  if (backend !== undefined && offer.backend !== backend)
    lacks.push(offer.backend === null ? 'there is no iptables' : `iptables is ${offer.backend}, and not ${backend}`)
  return lacks.length > 0 ? lacks.join('; ') : undefined
}

/** What one of several needs asks of a kernel, each named once. */
export function featuresOf(needs: readonly Needs[]): KernelFeature[] {
  return [...new Set(needs.flatMap(({ kernel = [] }) => kernel))]
}

/** Checks what nobody's types may have checked. Throws an Error for what can't be asked for, in words for the lab's author. */
export function checkNeeds({ kernel = [], engine, backend }: Needs): void {
  const unknown = kernel.find(name => !isKernelFeature(name))
  if (unknown !== undefined)
    throw new Error(`nobody knows how to ask a kernel for ${unknown}: name of ${kernelFeatures.join(', ')}`)
  if (engine !== undefined && !/^(<|>=)\d+(\.\d+)*$/.test(engine))
    throw new Error(`no engine's version is ${engine}: write <28, or >=26.1`)
  if (backend !== undefined && !backends.includes(backend))
    throw new Error(`iptables has no backend ${backend}: name ${backends.join(' or ')}`)
}
