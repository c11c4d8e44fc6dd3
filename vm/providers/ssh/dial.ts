import { connect, type Socket } from 'node:net'
import { HostError } from '../../errors.ts'
import { type Address, sshCommand } from './address.ts'

const dialMs = 10_000

/** Opens a TCP connection. Rejects with a HostError, or with the signal's reason. */
export async function dial(address: Address, signal: AbortSignal): Promise<Socket> {
  const { host, port } = address
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ host, port, noDelay: true })
  const late = setTimeout(() => reject(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })), dialMs)
  const aborted = () => reject(signal.reason)
  socket.once('connect', resolve).on('error', reject)
  signal.addEventListener('abort', aborted)
  if (signal.aborted) aborted()
  try {
    await promise
    return socket
  } catch (error) {
    socket.destroy()
    signal.throwIfAborted()
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new HostError(`${host}, port ${port}, can't be reached: ${reasons[code] ?? message}`, {
      mend: `look whether it is up and its sshd listens there: ${sshCommand(address)}`,
      cause: error,
    })
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', aborted)
  }
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: `no answer within ${dialMs / 1000} s`,
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to its network',
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'its name could not be resolved',
}
