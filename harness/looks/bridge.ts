import type { NetworkInspectInfo } from 'dockerode'
import { LookError } from './probe.ts'

/**
 * The bridge that the engine makes for a network: as the network's options say, else `br-` and the head of its id. Throws a LookError
 * when there is no such network, or no bridge of it.
 */
export function bridgeOf(name: string, network: NetworkInspectInfo | undefined): string {
  if (network === undefined) throw new LookError(`no such network: ${name}`)
  const { Driver, Id, Options } = network
  if (Driver !== 'bridge') throw new LookError(`network ${name} has no bridge: its driver is ${Driver}`)
  return Options?.['com.docker.network.bridge.name'] ?? `br-${Id.slice(0, 12)}`
}
