import type { Duplex } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import { MachineError } from '../errors.ts'

/** A terminal's size, in characters. */
export interface TerminalSize {
  columns: number
  rows: number
}

/** What a shell for people is shown on: `type` is the value of TERM. */
export interface TerminalRequest extends TerminalSize {
  type: string
}

/** A login shell in the guest that somebody types into. */
export interface GuestShell {
  /** What is typed, and what is shown; without a terminal, stdout alone. */
  readonly stream: Duplex
  /** Without a terminal, what the shell writes to stderr. */
  readonly stderr: NodeJS.ReadableStream
  resize(size: TerminalSize): void
  /** Resolves to the shell's exit code, 128 and the signal's number if one ended it; rejects when the machine is lost. */
  readonly ended: Promise<number>
}

/** Opens a login shell: on a terminal of its own in the guest, or on plain pipes where nobody looks (undefined). */
export async function openShell(
  client: Client,
  terminal: TerminalRequest | undefined,
  { name, lost }: { name: string; lost: AbortSignal },
): Promise<GuestShell> {
  lost.throwIfAborted()
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    const window = terminal && { term: terminal.type, rows: terminal.rows, cols: terminal.columns, width: 0, height: 0 }
    client.shell(window ?? false, (error, opened) => {
      if (!error) return resolve(opened)
      const message = `${name} opened no shell: ${error.message}`
      reject(new MachineError(message, { mend: 'start again', cause: error }))
    })
  })
  let exitCode: number | undefined
  // After a signal its name comes, without `SIG`.
  channel.on('exit', (code: number | null, signal?: string) => {
    exitCode = code ?? 128 + (signalNumbers[signal ?? ''] ?? 0)
  })
  const ended = new Promise<number>((resolve, reject) => {
    lost.addEventListener('abort', () => reject(lost.reason), { once: true })
    channel.on('close', () => {
      if (exitCode !== undefined) return resolve(exitCode)
      // The connection's end, if that is why, is told in the same turn.
      setImmediate(reject, new MachineError(`${name} ended the shell without an exit code`, { mend: 'start again' }))
    })
  })
  ended.catch(() => {})
  return {
    stream: channel,
    stderr: channel.stderr,
    resize: ({ columns, rows }) => channel.setWindow(rows, columns, 0, 0),
    ended,
  }
}

/** Those that end a shell. */
const signalNumbers: Record<string, number> = { HUP: 1, INT: 2, QUIT: 3, ABRT: 6, KILL: 9, PIPE: 13, TERM: 15 }
