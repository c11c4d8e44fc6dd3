import type { Duplex } from 'node:stream'
import { LoginFailure } from './login-failure.ts'

/**
 * Waits until sshd has said something, and leaves what it said in the stream.
 *
 * A machine that boots for a minute and a machine that answers wrongly are different faults: so the wait for the
 * first byte is apart from the handshake. Rejects with a LoginFailure, or with the signal's reason.
 */
export async function awaitBanner(sock: Duplex, { readyMs, signal }: { readyMs: number; signal: AbortSignal }) {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const closed = (cause?: unknown) =>
    reject(new LoginFailure('closed', 'closed the connection before its SSH banner came', { cause }))
  const look = () => {
    if (sock.readableLength > 0) resolve()
    else sock.read() // an end is told only to who reads on
  }
  const aborted = () => reject(signal.reason)
  const late = () => reject(new LoginFailure('no-banner', `did not come up: no SSH banner within ${readyMs / 1000} s`))
  const timer = setTimeout(late, readyMs)

  signal.addEventListener('abort', aborted)
  sock.on('readable', look).on('end', closed).on('close', closed).on('error', closed)
  if (sock.destroyed) closed()
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', aborted)
    sock.off('readable', look).off('end', closed).off('close', closed).off('error', closed)
  }
}
