import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'

/** An engine's id, and the file from which it reads it when it starts: another one since 23.0. */
export interface EngineId {
  id: string
  file: string
  content: string
}

/** A fresh id for an engine since 23.0. */
export function makeEngineId(): EngineId {
  const id = randomUUID()
  return { id, file: '/var/lib/docker/engine-id', content: id }
}

/** A fresh id for an engine before 23.0, whose id is the fingerprint of a key. */
export function makeEngineKey(): EngineId {
  return formatEngineKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
}

/** Writes a P-256 key as libtrust does: a JWK whose `kid` is the SHA-256 of the public key, cut to 240 bits, in base32. */
export function formatEngineKey(key: KeyObject): EngineId {
  const { crv, d, kty, x, y } = key.export({ format: 'jwk' })
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const digest = createHash('sha256').update(spki).digest().subarray(0, 30)
  const id = (base32(digest).match(/.{4}/g) ?? []).join(':')
  return { id, file: '/etc/docker/key.json', content: JSON.stringify({ crv, d, kid: id, kty, x, y }) }
}

/** RFC 4648, for a number of bytes that needs no padding. */
function base32(bytes: Buffer): string {
  const bits = [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? []).map(five => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)]).join('')
}
