import { randomUUID } from 'node:crypto'
import { makeHostKeyPair, makeKeyPair } from './keypair.ts'
import type { Seed } from './seed.ts'

/** Makes what a machine has of its own, and no other machine: its keys, its id, its name. */
export function makeSelf({ hostname = 'guest' }: { hostname?: string | undefined }): Seed {
  const host = makeHostKeyPair()
  const client = makeKeyPair('vethlab-client')
  return {
    files: [
      // One key, for whichever server there is; dropbear has a fixed place for it.
      { path: '/etc/vethlab/host_key', mode: 0o600, content: host.openssh },
      { path: '/etc/dropbear/dropbear_ed25519_host_key', mode: 0o600, content: host.dropbear },
      { path: '/root/.ssh/authorized_keys', mode: 0o600, content: `${client.public}\n` },
      { path: '/etc/machine-id', mode: 0o444, content: `${randomUUID().replaceAll('-', '')}\n` },
      { path: '/etc/hostname', mode: 0o644, content: `${hostname}\n` },
      { path: '/etc/hosts', mode: 0o644, content: `127.0.0.1 localhost\n127.0.1.1 ${hostname}\n::1 localhost\n` },
    ],
    login: { username: 'root', privateKey: client.private, hostKey: host.public },
  }
}
