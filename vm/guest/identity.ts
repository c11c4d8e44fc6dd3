import { randomBytes } from 'node:crypto'
import { makeEngineId, makeEngineKey } from './engine-id.ts'
import type { SeedFile, SeedLogin } from './seed.ts'
import { makeSelf } from './self.ts'

/** Who a clone is to be. */
export interface Identity {
  /** What to write to its identity port, at once: it holds the time. */
  bytes: Buffer
  login: SeedLogin
}

export interface IdentityRequest {
  /** An engine runs there. */
  engine: boolean
  /** It outlives the control channel. */
  keep: boolean
  hostname: string | undefined
}

/**
 * Makes somebody out of a clone: all that it has in common with its template and its siblings, but that no two machines
 * have in common, is replaced (vm/guest/become).
 */
export function makeIdentity({ engine, keep, hostname }: IdentityRequest): Identity {
  const { files, login } = makeSelf({ hostname })
  const now = Date.now()
  const lines = [
    `time ${Math.floor(now / 1000)} ${(now % 1000) * 1e6}`,
    `random ${randomBytes(64).toString('hex')}`,
    ...files.map(file => `file ${fileWords(file)}`),
    `hostname ${hostname ?? 'guest'}`,
    uplink('guest', 'eth0'),
    uplink('outside', 'lan0'),
    ...(engine ? engineLines() : []),
    ...(keep ? ['keep'] : []),
    'end',
  ]
  return { bytes: Buffer.from(lines.map(line => `${line}\n`).join('')), login }
}

function fileWords({ path, content }: Pick<SeedFile, 'path' | 'content'>): string {
  return `${path} ${Buffer.from(content).toString('hex')}`
}

/** An engine has one or the other id, and knows which; docker0's MAC begins as the engine lets it begin. */
function engineLines(): string[] {
  const ids = [makeEngineId(), makeEngineKey()]
  return [
    ...ids.map(({ id, file, content }) => `engine ${id} ${fileWords({ path: file, content })}`),
    `link guest docker0 0242${randomBytes(4).toString('hex')}`,
  ]
}

/** A link's new MAC, and its IPv6 address. */
function uplink(netns: 'guest' | 'outside', link: string): string {
  const mac = randomMac()
  return `link ${netns} ${link} ${mac.toString('hex')} ${linkLocal(mac).toString('hex')}`
}

/** A MAC address such as the kernel gives to a link: of one station, administered locally. */
function randomMac(): Buffer {
  const mac = randomBytes(6)
  mac[0] = ((mac[0] ?? 0) & 0xfc) | 0x02
  return mac
}

/** The IPv6 address of a link with this MAC (RFC 4291, appendix A), 16 bytes. */
export function linkLocal(mac: Buffer): Buffer {
  const id = Buffer.concat([mac.subarray(0, 3), Buffer.from([0xff, 0xfe]), mac.subarray(3)])
  id[0] = (id[0] ?? 0) ^ 0x02
  return Buffer.concat([Buffer.from('fe80000000000000', 'hex'), id])
}
