import { join } from 'node:path'
import type { MachineError } from '../errors.ts'
import type { Machine } from '../machine.ts'
import type { Connection } from '../transport/connect.ts'
import type { RunDir } from './run-dir.ts'

/** What a provider knows about a machine, besides the connection to it. */
export type Facts = Pick<Machine, 'name' | 'provider' | 'accelerator' | 'suite' | 'slowness' | 'entry'>

export interface Parts {
  facts: Facts
  connection: Connection
  runDir: RunDir
  /** Resolves when the machine's process has ended, with how; never, for a machine that has none here. */
  ended?: Promise<MachineError>
  /** Ends the machine, or lets go of it, and resolves when that is done. Doesn't throw for one that is dead already. */
  release(): Promise<void>
}

// The connection breaks in the same moment in which the machine's process ends, and the process knows why; on a busy host it says so
// later. One that is silent has not ended.
const patienceForReasonMs = { closed: 2000, silent: 300 }

/** Makes a Machine of a connection and what its provider knows. On failure the parts are still the caller's to release. */
export async function assemble({ facts, connection, runDir, ended, release }: Parts): Promise<Machine> {
  const dockerSocket = join(runDir.path, 'docker.sock')
  await connection.forwardUnix('/run/docker.sock', dockerSocket)

  const lost = new AbortController()
  let disposal: Promise<void> | undefined
  const lose = (reason: unknown) => {
    if (disposal === undefined && !lost.signal.aborted) lost.abort(reason)
  }
  ended?.then(lose)
  const patienceMs = () => (ended ? patienceForReasonMs[connection.closed ? 'closed' : 'silent'] : 0)
  const disconnected = () => setTimeout(lose, patienceMs(), connection.lost.reason)
  if (connection.lost.aborted) disconnected()
  else connection.lost.addEventListener('abort', disconnected, { once: true })

  const dispose = async () => {
    // The machine first: a connection to what is gone closes at once, one to what lives says goodbye first.
    await release()
    await connection[Symbol.asyncDispose]()
    await runDir.remove()
  }
  return {
    ...facts,
    $: connection.$,
    exec: (script, options) => connection.exec(script, options),
    openShell: terminal => connection.openShell(terminal),
    dockerSocket,
    lost: lost.signal,
    [Symbol.asyncDispose]: () => (disposal ??= dispose()),
  }
}
