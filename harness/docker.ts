import type Docker from 'dockerode'
import type { Machine } from '../vm/machine.ts'

/** The newest API version whose answers this project has seen (Docker 28.5's). */
const newestKnown = '1.51'

const clients = new WeakMap<object, Promise<Docker>>()

/**
 * The Docker API of a machine's engine, in the newest version that both sides know: answers then look the same today
 * and on an engine of next year. One client a machine. Rejects when no engine answers.
 */
export function dockerOn(machine: Pick<Machine, 'dockerSocket'>): Promise<Docker> {
  const known = clients.get(machine)
  if (known) return known
  const client = connect(machine.dockerSocket)
  clients.set(machine, client)
  // An engine that does not answer yet may do so later.
  client.catch(() => clients.delete(machine))
  return client
}

async function connect(socketPath: string): Promise<Docker> {
  // Loaded when a lab first asks an engine: it takes longer to load than all of ours together.
  const { default: Docker } = await import('dockerode')
  const { ApiVersion, MinAPIVersion } = await new Docker({ socketPath }).version()
  return new Docker({ socketPath, version: `v${agree(ApiVersion, MinAPIVersion)}` })
}

/** The API version to speak with an engine that speaks those from `oldest` to `newest`. */
export function agree(newest: string, oldest = '1.0'): string {
  if (compare(newest, newestKnown) <= 0) return newest
  return compare(oldest, newestKnown) <= 0 ? newestKnown : oldest
}

function compare(one: string, other: string): number {
  const [a, b] = [one, other].map(version => version.split('.').map(Number))
  return (a?.[0] ?? 0) - (b?.[0] ?? 0) || (a?.[1] ?? 0) - (b?.[1] ?? 0)
}
