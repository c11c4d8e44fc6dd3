import { readFile } from 'node:fs/promises'
import { HostError } from '../../errors.ts'
import { type Connection, connect } from '../../transport/connect.ts'
import { dial } from '../ssh/dial.ts'
import { runVagrant } from './command.ts'
import { environmentOf, type Place } from './place.ts'
import { readSshConfig, type SshConfig } from './ssh-config.ts'

/** Logs in to a running machine of Vagrant's as root, with the key that Vagrant made for it. */
export async function logIn(
  place: Place,
  { name, hostKey, signal }: { name: string; hostKey: string; signal: AbortSignal },
): Promise<{ connection: Connection; config: SshConfig }> {
  const { lines } = await runVagrant(['ssh-config'], { env: environmentOf(place), signal })
  signal.throwIfAborted()
  const config = readSshConfig(lines.join('\n'))
  if (config.proxy !== undefined) {
    throw new HostError('the hypervisor is on another host, and its machines are reached through that only', {
      mend: 'use the hypervisor of this host, or name the machine itself: --on ssh://root@machine',
    })
  }
  const privateKey = await readFile(config.identity, 'utf8')
  const sock = await dial({ username: 'root', ...config }, signal)
  // An emulated machine on a busy host takes seconds to answer.
  const options = { name, readyMs, keepaliveMs: 1000, questions: 15, signal }
  const login = { username: 'root', hostKey, identities: [{ privateKey }] }
  return { connection: await connect(sock, login, options), config }
}

const readyMs = 30_000
