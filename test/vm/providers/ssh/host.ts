import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KeyPair, makeKeyPair } from '../../../../vm/guest/keypair.ts'
import { type Sshd, startSshd } from '../../transport/sshd.ts'

/** Somebody's host: a real sshd behind a TCP port of 127.0.0.1, whose sessions see a netns and an /etc of their own. */
export interface SshHost extends AsyncDisposable {
  port: number
  url: string
  /** The user's home on this side, with .ssh in it, empty. $HOME names it for as long as the host lives. */
  home: string
  /** The host's key as known_hosts has it, and the user's, which it lets in. */
  knownHost: string
  client: KeyPair
}

/** What makes a host one that labs can run in: declared so, with the programs, an uplink and an outside. */
export const disposable = `mount -t tmpfs tmpfs /usr/local/sbin &&
  for program in brctl ifconfig ping iptables conntrack tcpdump curl; do ln -s /bin/true /usr/local/sbin/$program; done &&
  cp -a /etc /run/etc && mount --bind /run/etc /etc && touch /etc/vethlab-disposable`
export const network = `mount -t sysfs sysfs /sys && sh '${join(import.meta.dirname, '../../../../vm/guest/network')}' --new`

/** Starts one. `before` is run in its namespaces, once for each connection. */
export async function startSshHost({ before = ':', config = [] as string[] } = {}): Promise<SshHost> {
  const home = await mkdtemp(join(tmpdir(), 'vethlab-home-'))
  await mkdir(join(home, '.ssh'), { mode: 0o700 })
  const keys = { host: makeKeyPair('host'), client: makeKeyPair('client') }
  const running: Promise<Sshd>[] = []
  const server = createServer(async socket => {
    const starting = startSshd({ keys, before, config, netns: true })
    running.push(starting)
    const { sock } = await starting
    splice(socket, sock)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const oldHome = process.env.HOME
  process.env.HOME = home
  return {
    port,
    url: `ssh://root@127.0.0.1:${port}`,
    home,
    knownHost: `[127.0.0.1]:${port} ${keys.host.public}\n`,
    client: keys.client,
    async [Symbol.asyncDispose]() {
      process.env.HOME = oldHome
      server.close()
      for (const sshd of await Promise.all(running)) await sshd[Symbol.asyncDispose]()
      await rm(home, { recursive: true })
    },
  }
}

/** Makes the user one whom the host knows, and who knows the host. */
export async function introduce({ home, knownHost, client }: SshHost): Promise<void> {
  await writeFile(join(home, '.ssh/known_hosts'), knownHost)
  await writeFile(join(home, '.ssh/id_ed25519'), client.private, { mode: 0o600 })
}

/** Joins two streams, each of which goes when the other does. */
export function splice(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one)
  one.on('error', () => {}).on('close', () => other.destroy())
  other.on('error', () => {}).on('close', () => one.destroy())
}
