import { EventEmitter } from 'node:events'
import { constants } from 'node:os'
import { PassThrough, type Readable } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import { readAnnouncement } from './command-line.ts'
import { type Destination, direct, Outlet } from './outlet.ts'
import type { OpenSession } from './sessions.ts'

/** What a child needs of its connection. */
export interface Host {
  open: OpenSession
  signal(name: string, pid: number): void
  /** Every child that has not closed yet: on loss each is failed. */
  children: Set<RemoteChild>
}

export interface RemoteChildOptions {
  /** What the login shell runs. */
  line: string
  signal?: AbortSignal | undefined
  /** Asked once, after the turn in which the command was written: false closes stdin, so that a bare `cat` ends. */
  keepStdin(): boolean
  /** As for a local child: what becomes of stdout and stderr. Default: both are read by the caller. */
  output?: [Destination, Destination]
}

/** Far above pid_max (2^22): a stray `process.kill` on one can only find no process. */
const firstPid = 1_000_000_000
let nextPid = firstPid

/**
 * A command in the guest, in the shape of Node's ChildProcess: there at once, its session opened behind it.
 * `pid` is made up; the guest's own never shows, as somebody would send it a signal on this host.
 */
export class RemoteChild extends EventEmitter {
  readonly pid = nextPid++
  readonly stdin = new PassThrough()
  readonly stdout: Readable | null
  readonly stderr: Readable | null
  readonly stdio: [PassThrough, Readable | null, Readable | null]
  readonly connected = false
  exitCode: number | null = null
  signalCode: NodeJS.Signals | null = null
  killed = false
  readonly spawnfile = 'ssh'
  readonly spawnargs: string[]

  readonly #host: Host
  readonly #out = new Outlet()
  readonly #err = new Outlet()
  #channel: ClientChannel | undefined
  #guestPid: number | undefined
  #unsent: string[] = []
  #head: Buffer = Buffer.alloc(0)
  #exited = false
  #error: Error | undefined
  #stopListening = () => {}

  constructor(host: Host, { line, signal, keepStdin, output = ['pipe', 'pipe'] }: RemoteChildOptions) {
    super()
    this.#host = host
    this.spawnargs = [line]
    host.children.add(this)
    this.stdout = direct(this.#out, output[0], process.stdout)
    this.stderr = direct(this.#err, output[1], process.stderr)
    this.stdio = [this.stdin, this.stdout, this.stderr]
    this.stdin.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_STREAM_WRITE_AFTER_END' && !this.#exited) this.#tell(new Error(lateInput))
    })
    this.#closeWhenRead()
    if (signal) this.#obey(signal)
    const stdinDecided = new Promise<void>(resolve => {
      setImmediate(() => {
        if (!keepStdin() && !this.#stdinHasData()) this.stdin.end()
        resolve()
      })
    })
    host.open(line, {
      signal,
      opened: channel => this.#attach(channel, stdinDecided),
      failed: reason => this.fail(reason instanceof Error ? reason : new Error(String(reason))),
    })
  }

  /** Sends a signal to the command and to what it started; false when it has ended. */
  kill(signal: NodeJS.Signals | number = 'SIGTERM'): boolean {
    if (this.#exited || !this.#host.children.has(this)) return false
    const name = typeof signal === 'number' ? signalName(signal) : signal
    if (name === undefined) return true // signal 0 only asks whether it lives
    this.killed = true
    const short = name.replace(/^SIG/, '')
    if (this.#guestPid === undefined) this.#unsent.push(short)
    else this.#host.signal(short, this.#guestPid)
    return true
  }

  /** Ends the child without the guest's word: what it had printed is kept, the exit is unknown. */
  fail(error: Error): void {
    if (!this.#host.children.has(this)) return
    this.#tell(error)
    this.#exited = true
    this.#channel?.resume()
    this.#out.finish()
    this.#err.finish()
    this.emit('session-closed')
  }

  ref(): void {}
  unref(): void {}

  #stdinHasData(): boolean {
    return this.stdin.writableLength > 0 || this.stdin.readableLength > 0 || this.stdin.writableEnded
  }

  #attach(channel: ClientChannel, stdinDecided: Promise<void>): void {
    if (!this.#host.children.has(this)) {
      channel.close()
      return
    }
    this.#channel = channel
    channel.on('error', () => {})
    channel.on('exit', (code: number | null, signal?: string) => {
      this.#exited = true
      this.exitCode = code
      this.signalCode = (signal as NodeJS.Signals | undefined) ?? null
      this.emit('exit', this.exitCode, this.signalCode)
    })
    channel.on('data', (chunk: Buffer) => this.#pass(chunk, this.#out, channel))
    channel.on('end', () => this.#out.finish())
    channel.stderr.on('data', (chunk: Buffer) => this.#passError(chunk, channel))
    channel.stderr.on('end', () => this.#endErrors())
    this.#out.source = channel
    this.#err.source = channel.stderr
    channel.on('close', () => this.#closed(channel))
    this.emit('spawn')
    stdinDecided.then(() => {
      if (this.stdin.writableEnded && this.stdin.readableLength === 0) channel.end()
      else this.stdin.pipe(channel)
    })
  }

  #pass(chunk: Buffer, outlet: Outlet, source: Readable): void {
    if (outlet.destroyed) {
      // Nobody reads any more. A local command would get SIGPIPE at its next write: so does this one; else
      // `yes` would run, and be read, for ever.
      if (!this.#exited && !this.killed) this.kill('SIGPIPE')
    } else if (!outlet.push(chunk)) source.pause()
  }

  #passError(chunk: Buffer, channel: ClientChannel): void {
    if (this.#guestPid !== undefined) {
      this.#pass(chunk, this.#err, channel.stderr)
      return
    }
    this.#head = Buffer.concat([this.#head, chunk])
    const announced = readAnnouncement(this.#head)
    if (!announced) return
    this.#guestPid = announced.pid
    for (const name of this.#unsent) this.#host.signal(name, announced.pid)
    if (announced.rest.length > 0) this.#pass(announced.rest, this.#err, channel.stderr)
  }

  /** A login shell that never came to our line has explained itself here. */
  #endErrors(): void {
    if (this.#guestPid === undefined && this.#head.length > 0 && !this.#err.destroyed) this.#err.push(this.#head)
    this.#err.finish()
  }

  #closed(channel: ClientChannel): void {
    this.stdin.unpipe(channel)
    this.stdin.resume()
    if (!this.#exited) this.#tell(new Error('the session ended without saying how the command ended'))
    this.emit('session-closed')
  }

  /** `close` comes as a local child's does: when the session is over and all output has been read. */
  #closeWhenRead(): void {
    let open = 3
    const closed = () => {
      if (--open > 0) return
      this.#stopListening()
      this.#host.children.delete(this)
      this.emit('close', this.exitCode, this.signalCode)
    }
    this.once('session-closed', closed)
    this.#out.once('close', closed)
    this.#err.once('close', closed)
  }

  #obey(signal: AbortSignal): void {
    const abort = () => {
      this.#tell(
        Object.assign(new Error('The operation was aborted', { cause: signal.reason }), {
          name: 'AbortError',
          code: 'ABORT_ERR',
        }),
      )
      this.kill('SIGTERM')
    }
    if (signal.aborted) queueMicrotask(abort)
    else signal.addEventListener('abort', abort, { once: true })
    this.#stopListening = () => signal.removeEventListener('abort', abort)
  }

  /** The first error is the one that is told: an `error` that nobody listens to any more would end this process. */
  #tell(error: Error): void {
    if (this.#error) return
    this.#error = error
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }
}

const lateInput =
  'stdin had been closed, as nothing used it in the turn in which the command was written; ' +
  "for input that comes later write $({ stdio: 'pipe' })`…`"

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
}
