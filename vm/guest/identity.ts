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
    ...address('guest', 'eth0'),
    ...address('outside', 'lan0'),
    ...(engine ? engineLines() : []),
    ...(keep ? ['keep'] : []),
    'end',
  ]
  return { bytes: Buffer.from(lines.map(line => `${line}\n`).join('')), login }
}

function fileWords({ path, mode, content }: SeedFile): string {
  return `${path} ${mode.toString(8)} ${Buffer.from(content).toString('hex')}`
}

/** An engine has one or the other id, and knows which; docker0's MAC begins as the engine lets it begin. */
function engineLines(): string[] {
  const ids = [makeEngineId(), makeEngineKey()]
  return [
    ...ids.map(({ id, file, content }) => `engine ${id} ${fileWords({ path: file, mode: 0o600, content })}`),
    `guest link set docker0 address ${formatMac(Buffer.concat([Buffer.from([0x02, 0x42]), randomBytes(4)]))}`,
  ]
}

/** Commands of ip: a link's new MAC, and the IPv6 address that follows from it, which the kernel does only for a link that comes up. */
function address(netns: 'guest' | 'outside', link: string): string[] {
  const mac = randomMac()
  return [
    `${netns} link set ${link} address ${formatMac(mac)}`,
    `${netns} address flush dev ${link} scope link`,
    // Nobody else is on this wire: known at once rather than after a second of asking.
    `${netns} address add ${linkLocal(mac)}/64 dev ${link} scope link nodad`,
  ]
}

/** A MAC address such as the kernel gives to a link: of one station, administered locally. */
function randomMac(): Buffer {
  const mac = randomBytes(6)
  mac[0] = ((mac[0] ?? 0) & 0xfc) | 0x02
  return mac
}

function formatMac(mac: Buffer): string {
  return [...mac].map(byte => byte.toString(16).padStart(2, '0')).join(':')
}

/** The IPv6 address of a link with this MAC (RFC 4291, appendix A). */
export function linkLocal(mac: Buffer): string {
  const id = Buffer.concat([mac.subarray(0, 3), Buffer.from([0xff, 0xfe]), mac.subarray(3)])
  id[0] = (id[0] ?? 0) ^ 0x02
  return `fe80::${(id.toString('hex').match(/.{4}/g) ?? []).join(':')}`
}
