import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { MachineError } from '../errors.ts'
import { makeKeyPair } from './keypair.ts'
import { makeSeed, type SeedFile, type SeedLogin } from './seed.ts'

/** Makes the seed of a template: whatever makes a machine somebody is missing, and comes with a clone's identity. */
export async function makeTemplateSeed({
  engine,
  ports,
}: {
  engine: boolean
  /** The names of the virtio-serial ports for ssh and for the identity. */
  ports: { channel: string; identity: string }
}): Promise<SeedFile[]> {
  const { files } = await makeSeed({ engine, keep: false, channel: `port:${ports.channel}` })
  const keys = ['/etc/vethlab/host_key', '/etc/vethlab/authorized_keys']
  return files
    .filter(({ path }) => !keys.includes(path))
    .map(file =>
      file.path === '/etc/vethlab/machine' ? { ...file, content: `${file.content}IDENTITY=${ports.identity}\n` } : file,
    )
}

/** Waits until the guest says that it may be frozen. Rejects with a MachineError when it could not come up. */
export async function awaitFreezable(
  port: Duplex,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<void> {
  let said = ''
  while (!said.endsWith('\n\n')) said += String(await once(port, 'data', { signal }))
  const [state, ...rest] = said.trim().split('\n')
  if (state === 'ready') return
  throw new MachineError(`${name} did not come up: ${rest.join('\n') || said}`, { mend: 'run it again with --cold' })
}

export interface Identity {
  /** What to write to the clone's identity port. */
  bytes: Buffer
  login: SeedLogin
}

/** Makes somebody out of a clone. */
export function makeIdentity({ keep, hostname = 'guest' }: { keep: boolean; hostname: string | undefined }): Identity {
  const host = makeKeyPair('vethlab-host')
  const client = makeKeyPair('vethlab-client')
  const script = `
date -s @${(Date.now() / 1000).toFixed(3)} >/dev/null
perl -e 'open F, ">", "/dev/random"; ioctl F, 0x40085203, pack("ii", 256, 32) . pack("H*", "${randomBytes(32).toString('hex')}"); ioctl F, 0x5207, 0'
hostname ${hostname}
echo ${hostname} >/etc/hostname
echo ${randomUUID().replaceAll('-', '')} >/etc/machine-id
(umask 077; cat >/etc/vethlab/host_key) <<'END'
${host.private}END
echo '${client.public}' >/etc/vethlab/authorized_keys
KEEP=${keep ? 1 : 0}
`
  return {
    bytes: Buffer.from(`${script.length}\n${script}`),
    login: { username: 'root', privateKey: client.private, hostKey: host.public.split(' ').slice(0, 2).join(' ') },
  }
}
