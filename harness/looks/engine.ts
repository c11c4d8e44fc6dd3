import type { Machine } from '../../vm/machine.ts'
import { dockerOn } from '../docker.ts'

/** What `docker info` says of an engine, in part. */
export interface Engine {
  ServerVersion: string
  IPv4Forwarding: boolean
  /** Running, paused and stopped ones. */
  Containers: number
}

/** What the engine says of itself; undefined while none answers. Throws what the machine was lost by. */
export async function inspectEngine(machine: Pick<Machine, 'dockerSocket' | 'lost'>): Promise<Engine | undefined> {
  try {
    const { ServerVersion, IPv4Forwarding, Containers } = await (await dockerOn(machine)).info()
    return { ServerVersion, IPv4Forwarding, Containers }
  } catch (error) {
    machine.lost.throwIfAborted()
    // An answer all the same, such as a refusal, is not silence.
    if (typeof error === 'object' && error !== null && 'statusCode' in error) throw error
    return undefined
  }
}
