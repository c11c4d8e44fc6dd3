import type { Duplex } from 'node:stream'
import type { Shell } from 'zx'
import { MachineError } from '../errors.ts'
import type { Finished } from '../machine.ts'
import { awaitBanner } from './banner.ts'
import type { LoginShell } from './command-line.ts'
import { controlShell } from './control.ts'
import { forwardUnix } from './forward.ts'
import { type Login, shakeHands } from './handshake.ts'
import { LoginFailure } from './login-failure.ts'
import { silentIntervals, watchPulse } from './pulse.ts'
import type { RemoteChild } from './remote-child.ts'
import { runScript } from './run.ts'
import { sessionOpener } from './sessions.ts'
import { bindShell } from './shell.ts'
import { type GuestShell, openShell, type TerminalRequest } from './terminal.ts'

export type { Identity, Login } from './handshake.ts'

export interface ConnectOptions {
  /** The machine's name, for error messages. */
  name: string
  /** How long sshd's banner may take to come, in milliseconds. */
  readyMs: number
  /** What sshd has said before there was somebody to hear it. */
  said?: Buffer | undefined
  /** The login shell, where it is known: on a machine of ours. Elsewhere it is asked for. */
  loginShell?: LoginShell
  /** Aborts the login; a connection that is established is ended by disposing it. */
  signal: AbortSignal
  /** How often a silent machine is asked for a sign of life; after `questions` without an answer it is lost. Default 500, at most 1000. */
  keepaliveMs?: number
  /** Default 3; more where nobody waits for the verdict, and the machine may be slow beyond measure. */
  questions?: number
  /** How long key exchange and login may take together. Default 20 000. */
  handshakeMs?: number
  /** How long one session may take to open. Default 30 000. */
  openMs?: number
}

/** One SSH connection to a machine: its `$`, its raw runner, its forwarded sockets. Disposing it closes them all. */
export interface Connection extends AsyncDisposable {
  /** zx's `$`, bound to the guest. */
  readonly $: Shell
  /** Runs one POSIX sh script in one round trip; resolves whatever its exit code, rejects with a MachineError when the machine is lost. */
  exec(script: string, options?: { signal?: AbortSignal; input?: string }): Promise<Finished>
  /** Makes a unix socket at `localPath` (mode 0600) each connection of which reaches `remotePath` in the guest. */
  forwardUnix(remotePath: string, localPath: string): Promise<void>
  /** Opens a login shell for people, on a terminal if one is given. */
  openShell(terminal: TerminalRequest | undefined): Promise<GuestShell>
  /** Aborts when the connection is lost before it was disposed; `reason` is a MachineError. */
  readonly lost: AbortSignal
  /** It was lost as the far end closed it; false while it is there, and where the far end was silent. */
  readonly closed: boolean
}

/** A machine whose silence must be noticed within 5 s can't be asked less often. */
const slowestKeepaliveMs = 1000
/** How long a command that still runs at the end may take to obey. */
const farewellMs = 500

/**
 * Logs in over any stream to an sshd. The connection owns the stream and destroys it in the end, a failed login too.
 * Rejects with a MachineError whose `cause` is a LoginFailure, or with the signal's reason.
 */
export async function connect(sock: Duplex, login: Login, options: ConnectOptions): Promise<Connection> {
  const { name, readyMs, said, signal, handshakeMs = 20_000, openMs = 30_000, questions = silentIntervals } = options
  const keepaliveMs = Math.min(options.keepaliveMs ?? 500, slowestKeepaliveMs)
  // Whoever is told of a stream's end listens elsewhere; an unheard `error` would end this process.
  sock.on('error', () => {})
  try {
    if (said?.length) sock.unshift(said)
    await awaitBanner(sock, { readyMs, signal })
    const client = await shakeHands(sock, login, { handshakeMs, keepaliveMs, signal })
    const lost = new AbortController()
    const children = new Set<RemoteChild>()
    const closers: AsyncDisposable[] = []
    let disposed = false
    let closed = false

    const lose = (what: string, cause?: unknown) => {
      stopWatching()
      if (disposed || lost.signal.aborted) return
      const error = new MachineError(`${name} was lost: ${what}`, {
        cause,
        mend: 'start again: a lost machine is thrown away, and the next one is fresh',
      })
      lost.abort(error)
      for (const child of children) child.fail(error)
      sock.destroy()
    }
    const onSilence = () =>
      lose(`no sign of life for ${(questions * keepaliveMs) / 1000} s, ${questions} questions unanswered`)
    const stopWatching = watchPulse(sock, { intervalMs: keepaliveMs, intervals: questions, onSilence })
    client.on('error', error => lose(error.message, error))
    const onClosed = () => {
      closed ||= !lost.signal.aborted
      lose('the connection was closed')
    }
    client.on('end', onClosed)
    client.on('close', onClosed)

    const open = sessionOpener(client, name, openMs, lost.signal)
    const control = controlShell(open)
    const loginShell = options.loginShell ?? (await abortable(control.loginShell(), signal))
    const host = { open, signal: control.signal, children }
    const exec: Connection['exec'] = (script, how) => runScript(host, loginShell, script, how)

    return {
      $: bindShell(host, loginShell),
      exec,
      openShell: terminal => openShell(client, terminal, { name, lost: lost.signal }),
      lost: lost.signal,
      get closed() {
        return closed
      },
      forwardUnix: async (remotePath, localPath) => {
        closers.push(await forwardUnix(client, remotePath, localPath, openMs))
      },
      async [Symbol.asyncDispose]() {
        if (disposed) return
        disposed = true
        for (const closer of closers) await closer[Symbol.asyncDispose]()
        await dismiss(children)
        stopWatching()
        client.end()
        await finished(sock)
      },
    }
  } catch (error) {
    sock.destroy()
    if (!(error instanceof LoginFailure)) throw error
    throw new MachineError(`${name} ${error.message}`, { cause: error, mend: mends[error.reason] })
  }
}

const mends: Record<LoginFailure['reason'], string> = {
  'no-banner': 'look at the machine’s console; a slow host may need more time',
  closed: 'look at the machine’s console: sshd, or the machine, ended',
  'host-key': 'somebody else answers there: find out who before you trust it',
  refused: 'look which keys the machine accepts',
  handshake: 'look at the machine’s console',
}

/** What still runs would outlive the connection on a machine that is only let go of. */
async function dismiss(children: Set<RemoteChild>): Promise<void> {
  const gone = Promise.all([...children].map(child => new Promise(resolve => child.once('close', resolve))))
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (children.size === 0) return
    for (const child of children) child.kill(signal)
    await atMost(farewellMs, gone)
  }
  for (const child of children) child.fail(new Error('the connection was disposed'))
}

/** Waits until the farewell is on its way: the far end of a virtio-serial port never closes it. */
async function finished(sock: Duplex): Promise<void> {
  if (!sock.writableFinished && !sock.destroyed) {
    await atMost(farewellMs, new Promise(resolve => sock.once('finish', resolve).once('close', resolve)))
  }
  sock.destroy()
}

async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([promise, late])
  clearTimeout(timer)
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
