import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { type KeyPair, makeKeyPair } from '../../../../vm/guest/keypair.ts'
import type { Finished, Machine } from '../../../../vm/machine.ts'
import { sandbox } from '../../../../vm/providers/sandbox.ts'
import { defaultSuite } from '../../../../vm/suite.ts'
import { splice } from './host.ts'

/** Somebody's Debian machine at a TCP port of 127.0.0.1, behind its own sshd with the settings that Debian ships. */
export interface DebianHost extends AsyncDisposable {
  url: string
  /** Its host key, as known_hosts has it. */
  knownHost: string
  /** The machine by a way of its own: whether it lives, and what it looks like. */
  machine: Machine
  /** Prepares it as docs/ssh.md says, by hand. */
  prepare(): Promise<Finished>
  /** Cuts all connections to its sshd. */
  hangUp(): void
}

/** As Debian boots one: a link that leads home, with the default route, and the settings that systemd brings. */
const ordinary = `set -e
ip netns delete outside
while ip link show eth0 >/dev/null 2>&1; do sleep 0.02; done
ip link add ens3 type veth peer name home
ip address add 198.51.100.2/24 dev ens3
ip link set ens3 up; ip link set home up
ip route add default via 198.51.100.1
for conf in default all ens3; do
  sysctl -q -w net.ipv4.conf.$conf.rp_filter=2 net.ipv4.conf.$conf.promote_secondaries=1
done
touch /etc/vethlab-disposable
mkdir -p /run/sshd /root/.ssh; chmod 700 /root/.ssh`

/** Starts one, which is a sandbox underneath: declared disposable, but not prepared yet. */
export async function startDebianHost({ engine, client }: { engine: boolean; client: KeyPair }): Promise<DebianHost> {
  await using undo = new AsyncDisposableStack()
  const machine = undo.use(
    await sandbox.start({
      suite: defaultSuite,
      engine,
      label: 'test',
      keep: false,
      report: console.log,
      signal: new AbortController().signal,
    }),
  )
  const must = async (script: string, input = '') => {
    const { exitCode, stderr } = await machine.exec(script, { input })
    if (exitCode !== 0) throw new Error(`${script}: ${stderr}`)
  }
  const hostKey = makeKeyPair('host')
  await must(ordinary)
  await must('umask 077; cat >/root/.ssh/authorized_keys', `${client.public}\n`)
  await must('umask 077; rm -f /etc/ssh/ssh_host_*; cat >/etc/ssh/ssh_host_ed25519_key', hostKey.private)

  const init = /--target (\d+)/.exec(machine.entry.enter)?.[1] ?? ''
  const daemons: ChildProcess[] = []
  const sockets: Socket[] = []
  const server = createServer(socket => {
    sockets.push(socket)
    const sshd = spawn('sh', ['-c', `exec nsenter --target ${init} --all /usr/sbin/sshd -i <&3 >&3 3>&-`], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    })
    daemons.push(sshd)
    splice(socket, sshd.stdio[3] as Socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo.defer(async () => {
    server.close()
    for (const sshd of daemons) {
      if (sshd.exitCode !== null || sshd.signalCode !== null) continue
      sshd.kill('SIGKILL')
      await once(sshd, 'exit')
    }
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const network = await readFile(join(import.meta.dirname, '../../../../vm/guest/network'), 'utf8')
  const owned = undo.move()
  return {
    url: `ssh://root@127.0.0.1:${port}`,
    knownHost: `[127.0.0.1]:${port} ${hostKey.public}\n`,
    machine,
    hangUp: () => {
      for (const socket of sockets) socket.destroy()
    },
    prepare: () => machine.exec('sh -s', { input: network }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
