import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KeyPair, makeKeyPair } from '../../../vm/guest/keypair.ts'
import { type Connection, type ConnectOptions, connect, type Login } from '../../../vm/transport/connect.ts'

/** A real sshd, with keys of its own, at the far end of a socket pair; commands run on this host, as the tests' user. */
export interface Sshd extends AsyncDisposable {
  sock: Socket
  login: { username: string; privateKey: string; hostKey: string }
  /** The server process: what to stop, to freeze a machine, or to kill. */
  pid: number
  /** A folder that goes with it. */
  folder: string
  /** What sshd complained about. */
  log(): Promise<string>
}

export interface SshdOptions {
  /** Lines of sshd_config, which come first and so win. */
  config?: string[]
  /** Commands run before sshd, in its own mount namespace. */
  before?: string
  /** Gives it a network namespace of its own. */
  netns?: boolean
  /** Keys to use in place of fresh ones. */
  keys?: { host: KeyPair; client: KeyPair }
}

/** Starts `sshd -i` in a mount namespace of its own, where /run/sshd, which a root's sshd demands, can be made. */
export async function startSshd({ config = [], before = ':', netns = false, keys }: SshdOptions = {}): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'vethlab-sshd-'))
  const { host, client } = keys ?? { host: makeKeyPair('host'), client: makeKeyPair('client') }
  const lines = [
    ...config,
    `HostKey ${folder}/host_key`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    'StrictModes no',
    'UsePAM no',
    'UseDNS no',
    'PrintMotd no',
    // A login shell two levels deep leaves ~/.bashrc alone: whoever runs the tests may have a slow one.
    'SetEnv SHLVL=1',
    'PermitRootLogin prohibit-password',
    'MaxSessions 1000',
    'LogLevel ERROR',
  ]
  await writeFile(`${folder}/host_key`, host.private, { mode: 0o600 })
  await writeFile(`${folder}/authorized_keys`, `${client.public}\n`)
  await writeFile(`${folder}/config`, `${lines.join('\n')}\n`)
  const script = `mount -t tmpfs tmpfs /run && mkdir /run/sshd && { ${before}; } && exec /usr/sbin/sshd -i -E "$0/log" -f "$0/config" <&3 >&3 3>&-`
  const child = spawn('unshare', ['--mount', ...(netns ? ['--net'] : []), 'sh', '-c', script, folder], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    env: { PATH: process.env.PATH ?? '', SECRET_OF_THE_HOST: 'hunter2' },
  })
  const sock = child.stdio[3] as Socket
  // Whoever has an interest in its end listens too; a test that fails before that must not end the run.
  sock.on('error', () => {})
  return {
    sock,
    login: { username: 'root', privateKey: client.private, hostKey: host.public },
    pid: child.pid ?? 0,
    folder,
    log: () => readFile(`${folder}/log`, 'utf8').catch(() => ''),
    async [Symbol.asyncDispose]() {
      await end(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Starts an sshd and logs in. */
export async function connectToSshd(
  options: SshdOptions & Partial<ConnectOptions> & { login?: Login } = {},
): Promise<{ sshd: Sshd; connection: Connection } & AsyncDisposable> {
  const sshd = await startSshd(options)
  const connection = await connect(sshd.sock, options.login ?? sshd.login, {
    name: 'test machine',
    readyMs: 60_000,
    signal: new AbortController().signal,
    ...options,
  })
  return {
    sshd,
    connection,
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]()
      await sshd[Symbol.asyncDispose]()
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}
