import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { MachineError } from '../../errors.ts'
import { type QemuConfig, qemuArguments } from './argv.ts'
import { readLastWords } from './last-words.ts'
import { openQmp, type Qmp } from './qmp.ts'

/** How QEMU ended, and the last lines of what it and the guest's kernel had to say. */
export interface QemuEnd {
  exitCode: number | null
  signal: NodeJS.Signals | null
  lastWords: string
}

/** A running QEMU. */
export interface QemuProcess {
  readonly pid: number
  /** The host's end of the control channel; there from the start, so that the guest never reads an end of file. */
  readonly channel: Duplex
  /** The host's end of the port on which a clone is told who it is. */
  readonly identity: Duplex
  /** QEMU's control. */
  readonly qmp: Qmp
  /** Resolves when QEMU has ended, for whatever reason; never rejects. */
  readonly ended: Promise<QemuEnd>
  /** Paths of what QEMU and the guest's kernel say. */
  readonly logs: string[]
  /** Kills QEMU, and resolves when it's gone. */
  kill(): Promise<void>
  /** Lets this process end without it, once the channel is closed too; there is no control of it any more. */
  release(): void
}

export interface StartQemu {
  program: string
  config: Omit<QemuConfig, 'ports' | 'qmp' | 'incoming' | 'serialLog'>
  /** The state of a frozen machine to go on from; undefined boots. */
  state?: Buffer
  /** Folder for the logs. */
  dir: string
  /** true: QEMU lives on when this process ends. */
  keep: boolean
}

/** The names under which the guest finds its ports. */
export const portNames = { channel: 'org.vethlab.ssh', identity: 'org.vethlab.identity' }

/** A template's memory file is shared with it, so its content is no part of the state. */
export const ignoreShared = { capability: 'x-ignore-shared', state: true }

/** Starts QEMU. Throws a MachineError when it cannot be started. */
export async function startQemu({ program, config, state, dir, keep }: StartQemu): Promise<QemuProcess> {
  const serialLog = join(dir, 'serial.log')
  const errorLog = join(dir, 'qemu.log')
  const logs = [errorLog, serialLog]
  // Behind stdin, stdout and stderr come socket pairs made by spawn: nothing listens.
  const ports = Object.values(portNames).map((name, index) => ({ name, fd: 3 + index }))
  const incoming = state !== undefined
  const command = [program, ...qemuArguments({ ...config, ports, qmp: { fd: 5 }, incoming, serialLog })]
  // A QEMU whose parent dies lives on, unless the kernel is told otherwise.
  const [file = '', ...args] = keep ? command : ['setpriv', '--pdeathsig', 'KILL', ...command]

  const errors = await open(errorLog, 'w', 0o600)
  // Detached: Ctrl-C at the terminal goes to us, and we end the machine; a kept one must not get it at all.
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', 'ignore', errors.fd, 'pipe', 'pipe', 'pipe', incoming ? 'pipe' : 'ignore'],
  })
  const pid = await spawned(child, file).finally(() => errors.close())
  const [channel, identity, control] = child.stdio.slice(3).filter(isSocket)
  if (!channel || !identity || !control) throw new TypeError('spawn made no socket pairs')
  const qmp = openQmp(control)
  if (state) {
    child.stdio.filter(isSocket).at(-1)?.end(state)
    // The memory is there already, as a file: all else comes from the socket. A refusal ends QEMU, which says why.
    qmp.execute('migrate-set-capabilities', { capabilities: [ignoreShared] }).catch(() => {})
    qmp.execute('migrate-incoming', { uri: 'fd:6' }).catch(() => {})
  }

  const ended = once(child, 'exit').then(async ([exitCode, signal]): Promise<QemuEnd> => {
    return { exitCode, signal, lastWords: await readLastWords(...logs) }
  })
  return {
    pid,
    channel,
    identity,
    qmp,
    ended,
    logs,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    release: () => {
      identity.destroy()
      qmp.close()
      child.unref()
    },
  }
}

/** Whoever reads from it is told of its end by `close`; an error without a listener would end this process. */
function isSocket(stream: unknown): stream is Duplex {
  return stream instanceof Duplex && stream.on('error', () => {}) !== undefined
}

async function spawned(child: ChildProcess, file: string): Promise<number> {
  const error = await new Promise<Error | undefined>(resolve => {
    child.once('spawn', () => resolve(undefined))
    child.once('error', resolve)
  })
  if (error || child.pid === undefined) {
    throw new MachineError(`${file} cannot be started: ${error?.message}`, { mend: 'npm run lab doctor', cause: error })
  }
  return child.pid
}
