import type { Client, ClientChannel } from 'ssh2'
import { MachineError } from '../errors.ts'

/**
 * Opens a session that runs one line in the login shell. `opened` is called in the very turn in which the session
 * opens: a short command's exit may be told in the same packet, and a promise would hear of it too late.
 * `failed` is given a MachineError, or the signal's reason.
 */
export type OpenSession = (line: string, then: Request & { signal?: AbortSignal | undefined }) => void

interface Request {
  opened(channel: ClientChannel): void
  failed(reason: unknown): void
}

interface Waiting extends Request {
  line: string
  signal: AbortSignal | undefined
  refusals: number
  /** Stops listening for the abort that takes a request out of the queue. */
  settle(): void
}

/** sshd opens sessions one after another: more at once would only queue up in front of its signs of life. */
const openingAtOnce = 8
/** How long a refused session waits before it asks again, in milliseconds. */
const retryMs = 20
/** How often a request is refused before that is believed, where no open session explains it. */
const patience = 50
/** sshd refuses sessions above MaxSessions with one of these (RFC 4254, 5.1). */
const refusals: unknown[] = [1, 2, 4]

/**
 * Makes a session opener for one connection.
 *
 * sshd allows 10 sessions a connection unless told otherwise, and frees one slightly after the client sees it close;
 * so a refused request waits its turn and asks again, in order. `openMs` limits one opening.
 */
export function sessionOpener(client: Client, name: string, openMs: number, lost: AbortSignal): OpenSession {
  const queue: Waiting[] = []
  const opening = new Set<Waiting>()
  let refused = false
  /** The control shell's is the first and stays. */
  let open = 0

  lost.addEventListener('abort', () => {
    for (const request of [...queue.splice(0), ...opening]) request.failed(lost.reason)
  })

  const pump = () => {
    while (!refused && opening.size < openingAtOnce) {
      const request = queue.shift()
      if (!request) return
      start(request)
    }
  }

  const start = (request: Waiting) => {
    opening.add(request)
    let late = false
    const done = () => {
      clearTimeout(timer)
      opening.delete(request)
      pump()
    }
    const timer = setTimeout(() => {
      late = true
      done()
      request.failed(
        new MachineError(`${name} did not open a session within ${openMs / 1000} s`, {
          mend: 'look whether the machine is out of memory or processes; then start again',
        }),
      )
    }, openMs)

    const refuse = (error: Error & { reason?: unknown }) => {
      if (late || lost.aborted) return
      if (request.signal?.aborted) {
        // Given up while sshd was asked, when it was in no queue to be taken out of.
        request.failed(request.signal.reason)
      } else if (refusals.includes(error.reason) && (open > 1 || request.refusals < patience)) {
        request.refusals++
        queue.unshift(request)
        refused = true
        setTimeout(() => {
          refused = false
          pump()
        }, retryMs)
      } else {
        const message = `${name} refused a session: ${error.message}`
        request.failed(new MachineError(message, { cause: error, mend: 'start again' }))
      }
      done()
    }

    try {
      client.exec(request.line, (error: (Error & { reason?: unknown }) | undefined, channel) => {
        if (error) return refuse(error)
        if (late) return channel.close()
        open++
        channel.once('close', () => {
          open--
        })
        request.settle()
        request.opened(channel)
        done()
      })
    } catch (error) {
      // ssh2 throws when the stream is gone, a moment before it says so.
      refuse(error instanceof Error ? error : new Error(String(error)))
    }
  }

  return (line, { signal, opened, failed }) => {
    // Told later even when it is known now: whoever asks has not got its child yet.
    if (lost.aborted) return queueMicrotask(() => failed(lost.reason))
    if (signal?.aborted) return queueMicrotask(() => failed(signal.reason))
    const abort = () => {
      const turn = queue.indexOf(request)
      if (turn < 0) return // sshd has it already
      queue.splice(turn, 1)
      failed(signal?.reason)
    }
    const request: Waiting = {
      line,
      signal,
      refusals: 0,
      opened,
      failed,
      settle: () => signal?.removeEventListener('abort', abort),
    }
    signal?.addEventListener('abort', abort, { once: true })
    queue.push(request)
    pump()
  }
}
