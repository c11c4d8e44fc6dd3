import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeKeyPair } from './keypair.ts'

/**
 * One file that a machine gets on top of its image, owned by root. `mode`: its permission bits. `path`: absolute in the
 * guest and free of the image's symlinks (/usr/sbin, not /sbin), so that it can be laid over a tree that isn't there yet.
 */
export interface SeedFile {
  path: string
  mode: number
  content: string
}

/** What the client needs to log in: the private key in OpenSSH's format, the host key as `ssh-ed25519 BASE64`. */
export interface SeedLogin {
  username: 'root'
  privateKey: string
  hostKey: string
}

/** What makes a machine out of an image: our init, this machine's keys, its settings. */
export interface Seed {
  files: SeedFile[]
  login: SeedLogin
}

/**
 * The one stream that the guest's sshd serves: a file descriptor that init inherits, or a virtio-serial port by its
 * name (`port:ssh`: the `name=` of QEMU's virtserialport).
 */
export type Channel = 'fd:3' | `port:${string}`

export interface SeedRequest {
  /** Start the engine and load the container images. */
  engine: boolean
  /** Outlive the control channel. */
  keep: boolean
  channel: Channel
  hostname?: string | undefined
}

/** Makes a machine's seed, with keys of its own: who reads the image learns no secret. */
export async function makeSeed(request: SeedRequest): Promise<Seed> {
  const hostname = request.hostname ?? 'guest'
  const host = makeKeyPair('vethlab-host')
  const client = makeKeyPair('vethlab-client')
  return {
    files: [
      {
        path: '/usr/sbin/vethlab-init',
        mode: 0o755,
        content: await readFile(join(import.meta.dirname, 'init'), 'utf8'),
      },
      {
        path: '/usr/sbin/vethlab-network',
        mode: 0o755,
        content: await readFile(join(import.meta.dirname, 'network'), 'utf8'),
      },
      { path: '/etc/vethlab/machine', mode: 0o644, content: settings(request) },
      { path: '/etc/vethlab/host_key', mode: 0o600, content: host.private },
      { path: '/etc/vethlab/authorized_keys', mode: 0o644, content: `${client.public}\n` },
      { path: '/etc/vethlab/sshd_config', mode: 0o644, content: sshdConfig },
      { path: '/etc/fstab', mode: 0o644, content: fstab },
      { path: '/etc/hostname', mode: 0o644, content: `${hostname}\n` },
      // The gateway is the resolver, as on most LANs. Nothing answers there unless a lab puts something there: refused at
      // once. From a netns with no way there it takes the whole time, of which tools such as arp then spend less.
      { path: '/etc/resolv.conf', mode: 0o644, content: 'nameserver 203.0.113.1\noptions timeout:1 attempts:1\n' },
      { path: '/etc/hosts', mode: 0o644, content: `127.0.0.1 localhost\n127.0.1.1 ${hostname}\n::1 localhost\n` },
    ],
    login: { username: 'root', privateKey: client.private, hostKey: host.public.split(' ').slice(0, 2).join(' ') },
  }
}

/** The settings that init reads, as shell variables. */
function settings({ engine, keep, channel }: SeedRequest): string {
  if (!/^(fd:3|port:[\w.-]+)$/.test(channel)) throw new TypeError(`not a channel: ${channel}`)
  return `ENGINE=${engine ? 1 : 0}\nKEEP=${keep ? 1 : 0}\nCHANNEL=${channel}\n`
}

const fstab = `devpts /dev/pts devpts gid=5,mode=620,ptmxmode=666
tmpfs /dev/shm tmpfs mode=1777
tmpfs /run tmpfs mode=755
tmpfs /tmp tmpfs mode=1777
# The engine's overlay2 can't lie on the overlay that is the root.
tmpfs /var/lib/docker tmpfs mode=710
tmpfs /var/lib/containerd tmpfs mode=711
`

const sshdConfig = `# One connection, one client, one key: everything that a login doesn't need is off, as login time is start time.
HostKey /etc/vethlab/host_key
AuthorizedKeysFile /etc/vethlab/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
# The keys lie in a folder of our own, which is not root's home.
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
PermitUserEnvironment no
# A login's bash this deep leaves ~/.bashrc alone, so that a command needs no second, clean shell.
SetEnv SHLVL=1
# Each command is a session on the one connection; the default of 10 is less than a lab uses at once.
MaxSessions 1000
AllowStreamLocalForwarding yes
AllowAgentForwarding no
X11Forwarding no
Compression no
KexAlgorithms curve25519-sha256
Ciphers aes128-gcm@openssh.com
HostKeyAlgorithms ssh-ed25519
LogLevel ERROR
`
