import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Backend, defaultBackend } from '../backend.ts'
import type { LoginShell } from '../transport/command-line.ts'
import { makeSelf, ownFiles } from './self.ts'

/**
 * One file that a machine gets on top of its image, owned by root. `mode`: its permission bits. `path`: absolute in the
 * guest and free of the image's symlinks (/usr/sbin, not /sbin), so that it can be laid over a tree that isn't there yet.
 */
export interface SeedFile {
  path: string
  mode: number
  content: string | Buffer
}

/** What the client needs to log in: the private key in OpenSSH's format, the host key as `ssh-ed25519 BASE64`. */
export interface SeedLogin {
  username: 'root'
  privateKey: string
  hostKey: string
}

/** Root's shell in the image, as init lets it start. */
export const loginShell: LoginShell = { posix: true, cleanBash: true }

/** What makes a machine out of an image: our init, this machine's keys, its settings. */
export interface Seed {
  files: SeedFile[]
  login: SeedLogin
}

/**
 * The one stream that the guest's ssh server serves: a file descriptor that init inherits, which must be a socket, or a
 * virtio-serial port by its name (`port:ssh`: the `name=` of QEMU's virtserialport).
 */
export type Channel = 'fd:3' | `port:${string}`

export interface SeedRequest {
  /** Start the engine and load the container images. */
  engine: boolean
  /** What iptables is, for the engine too. Default `nft`. */
  backend?: Backend | undefined
  /** Outlive the control channel. */
  keep: boolean
  channel: Channel
  hostname?: string | undefined
}

/** Makes a machine's seed, with keys of its own: who reads the image learns no secret. */
export async function makeSeed(request: SeedRequest): Promise<Seed> {
  const { files, login } = makeSelf(request)
  return {
    files: [...(await scripts(['init', 'network', 'relay'])), settings(request), ...ordinaryFiles, ...files],
    login,
  }
}

export interface TemplateSeedRequest {
  /** Start the engine and load the container images. */
  engine: boolean
  backend?: Backend | undefined
  /** The names of the virtio-serial ports for ssh and for the identity. */
  ports: { channel: string; identity: string }
}

/** Makes the seed of a template: whatever makes a machine itself is missing, and comes with a clone's identity. */
export async function makeTemplateSeed({ engine, backend, ports }: TemplateSeedRequest): Promise<SeedFile[]> {
  return [
    ...(await scripts(['init', 'network', 'relay', 'become', 'engine', 'warm-up'])),
    settings({ engine, backend, keep: false, channel: `port:${ports.channel}`, identity: ports.identity }),
    ...ordinaryFiles,
    listOfOwnFiles(),
  ]
}

async function scripts(names: string[]): Promise<SeedFile[]> {
  const read = async (name: string) => ({
    path: `/usr/sbin/vethlab-${name}`,
    mode: 0o755,
    content: await readFile(join(import.meta.dirname, name), 'utf8'),
  })
  return await Promise.all(names.map(read))
}

/** The settings that init reads, as shell variables. */
function settings({
  engine,
  backend = defaultBackend,
  keep,
  channel,
  identity,
}: SeedRequest & { identity?: string }): SeedFile {
  if (!/^(fd:3|port:[\w.-]+)$/.test(channel)) throw new TypeError(`not a channel: ${channel}`)
  const lines = [`ENGINE=${engine ? 1 : 0}`, `BACKEND=${backend}`, `KEEP=${keep ? 1 : 0}`, `CHANNEL=${channel}`]
  if (identity !== undefined) lines.push(`IDENTITY=${identity}`)
  return { path: '/etc/vethlab/machine', mode: 0o644, content: lines.map(line => `${line}\n`).join('') }
}

/** The files that become fills. */
function listOfOwnFiles(): SeedFile {
  const lines = Object.values(ownFiles).map(({ path, mode }) => `${mode.toString(8)} ${path}\n`)
  return { path: '/etc/vethlab/own-files', mode: 0o644, content: lines.join('') }
}

const fstab = `devpts /dev/pts devpts gid=5,mode=620,ptmxmode=666
tmpfs /dev/shm tmpfs mode=1777
tmpfs /run tmpfs mode=755
tmpfs /tmp tmpfs mode=1777
# For init; and Debian's script of the engine mounts the controllers one by one unless it finds the word here.
cgroup2 /sys/fs/cgroup cgroup2 noauto
# The engine's overlay2 can't lie on the overlay that is the root.
tmpfs /var/lib/docker tmpfs mode=710
tmpfs /var/lib/containerd tmpfs mode=711
`

const sshdConfig = `# One connection, one client, one key: everything that a login doesn't need is off, as login time is start time.
HostKey /etc/vethlab/host_key
AuthorizedKeysFile /root/.ssh/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
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

const ordinaryFiles: SeedFile[] = [
  { path: '/etc/fstab', mode: 0o644, content: fstab },
  { path: '/etc/vethlab/sshd_config', mode: 0o644, content: sshdConfig },
  // The gateway is the resolver, as on most LANs. Nothing answers there unless a lab puts something there: refused at
  // once. From a netns with no way there it takes the whole time, of which tools such as arp then spend less.
  { path: '/etc/resolv.conf', mode: 0o644, content: 'nameserver 203.0.113.1\noptions timeout:1 attempts:1\n' },
]
