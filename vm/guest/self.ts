import { randomUUID } from 'node:crypto'
import { makeHostKeyPair, makeKeyPair } from './keypair.ts'
import type { Seed } from './seed.ts'

/** The files of which every machine has its own: where they are, and their permission bits. */
export const ownFiles = {
  // One key, for whichever server there is; dropbear has a fixed place for it.
  opensshKey: { path: '/etc/vethlab/host_key', mode: 0o600 },
  dropbearKey: { path: '/etc/dropbear/dropbear_ed25519_host_key', mode: 0o600 },
  clientKey: { path: '/root/.ssh/authorized_keys', mode: 0o600 },
  machineId: { path: '/etc/machine-id', mode: 0o444 },
  hostname: { path: '/etc/hostname', mode: 0o644 },
  hosts: { path: '/etc/hosts', mode: 0o644 },
}

/** Makes what a machine has of its own, and no other machine: its keys, its id, its name. */
export function makeSelf({ hostname = 'guest' }: { hostname?: string | undefined }): Seed {
  const host = makeHostKeyPair()
  const client = makeKeyPair('vethlab-client')
  return {
    files: [
      { ...ownFiles.opensshKey, content: host.openssh },
      { ...ownFiles.dropbearKey, content: host.dropbear },
      { ...ownFiles.clientKey, content: `${client.public}\n` },
      { ...ownFiles.machineId, content: `${randomUUID().replaceAll('-', '')}\n` },
      { ...ownFiles.hostname, content: `${hostname}\n` },
      { ...ownFiles.hosts, content: `127.0.0.1 localhost\n127.0.1.1 ${hostname}\n::1 localhost\n` },
    ],
    login: { username: 'root', privateKey: client.private, hostKey: host.public },
  }
}
