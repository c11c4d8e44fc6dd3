import type { Duplex } from 'node:stream'
import type { Shell } from 'zx'
import type { Finished } from '../machine.ts'

/** Who logs in, with which key, and which key the machine must show: one or several lines of `ssh-ed25519 BASE64`. */
export interface Login {
  username: string
  privateKey: string
  hostKey: string
}

export interface ConnectOptions {
  /** The machine's name, for error messages. */
  name: string
  /** How long sshd's banner may take to come, in milliseconds. */
  readyMs: number
  /** Aborts the login; a connection that is established is ended by disposing it. */
  signal: AbortSignal
  /** How often a silent machine is asked for a sign of life; after three questions without an answer it is lost. Default 500. */
  keepaliveMs?: number
}

/** One SSH connection to a machine: its `$`, its raw runner, its forwarded sockets. Disposing it closes them all. */
export interface Connection extends AsyncDisposable {
  /** zx's `$`, bound to the guest. */
  readonly $: Shell
  /** Runs one POSIX sh script in one round trip; resolves whatever its exit code, rejects with a MachineError when the machine is lost. */
  exec(script: string, options?: { signal?: AbortSignal; input?: string }): Promise<Finished>
  /** Makes a unix socket at `localPath` (mode 0600) each connection of which reaches `remotePath` in the guest. */
  forwardUnix(remotePath: string, localPath: string): Promise<void>
  /** Aborts when the connection is lost before it was disposed; `reason` is a MachineError. */
  readonly lost: AbortSignal
}

/** Logs in over any stream to an sshd. The connection owns the stream and destroys it in the end. */
export async function connect(_sock: Duplex, _login: Login, _options: ConnectOptions): Promise<Connection> {
  throw new Error('not yet written')
}
