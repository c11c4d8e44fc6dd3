import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { HostError, MachineError } from '../errors.ts'
import type { SeedLogin } from '../guest/seed.ts'
import { type Connection, connect } from '../transport/connect.ts'
import { loginFile } from './run-dir/record.ts'
import type { Run } from './run-dir/runs.ts'

/** Where a kept virtual machine waits for whoever logs in: a unix socket in its run folder. */
export const keptSocket = (folder: string) => join(folder, 'ssh')

/** Logs in to a machine that was kept, as its run did. Throws a HostError where it was not handed over whole. */
export async function reachKept(
  { path, record, machine }: Run,
  { signal }: { signal: AbortSignal },
): Promise<Connection> {
  const name = record?.name ?? path
  try {
    const login = JSON.parse(await readFile(join(path, loginFile), 'utf8')) as SeedLogin
    const sock = record?.provider === 'sandbox' ? serverInside(machine?.pid ?? 0) : await portOf(path)
    return await connect(sock, login, { name, readyMs: patienceMs, signal, keepaliveMs: 1000 })
  } catch (cause) {
    signal.throwIfAborted()
    const { message } = cause as Error
    const byHand = record?.kept ? `; or by hand: ${record.kept.enter}` : ''
    throw new HostError(`${name} does not let us in: ${message}`, {
      mend: `a virtual machine takes one at a time: end the other shell${byHand}; or npm run lab rm ${name}`,
      cause,
    })
  }
}

/** Emulated and on a busy host a server takes seconds to begin. */
const patienceMs = 15_000

/** A further server in the sandbox, as its init started the one that has ended with the run that kept it (guest/init). */
function serverInside(init: number): Duplex {
  const serve = 'exec /usr/sbin/sshd -i -f /etc/vethlab/sshd_config -E /var/log/vethlab/ssh.log <&3 >&3 3>&-'
  const child = spawn('nsenter', ['--target', String(init), '--all', 'sh', '-c', serve], {
    // The fourth is a socket pair.
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    // Ctrl-C in the terminal is for what runs in the guest.
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  })
  const channel = child.stdio[3]
  if (!(channel instanceof Duplex)) throw new TypeError('spawn made no socket pair')
  child.on('error', error => channel.destroy(error))
  return channel
}

async function portOf(folder: string): Promise<Duplex> {
  const path = keptSocket(folder)
  const socket = createConnection(path)
  try {
    await once(socket, 'connect')
    return socket
  } catch (cause) {
    const mend = 'its run was ended before it handed the machine over'
    throw new MachineError(`nothing waits at ${path}`, { mend, cause })
  }
}
