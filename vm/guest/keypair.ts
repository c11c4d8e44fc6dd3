import { generateKeyPairSync, type KeyObject } from 'node:crypto'

/** An ed25519 key pair as OpenSSH writes it: the private key as a PEM-like file, the public key as one line. */
export interface KeyPair {
  private: string
  public: string
}

/**
 * Makes a fresh ed25519 key pair in OpenSSH's own format.
 *
 * Node writes PKCS#8, which sshd reads only from 9.6 on (bookworm has 9.2), and ssh2's generator drops leading zero
 * bytes, so that one pair in about 200 is unreadable (https://github.com/mscdex/ssh2/issues/1513).
 */
export function makeKeyPair(comment: string): KeyPair {
  const { privateKey } = generateKeyPairSync('ed25519')
  return formatKeyPair(privateKey, comment)
}

/** An ed25519 key by which a machine proves that it is itself: the private key as each server wants it, the public key as `ssh-ed25519 BASE64`. */
export interface HostKeyPair {
  openssh: string
  dropbear: Buffer
  public: string
}

/** Makes a fresh ed25519 key for a machine. */
export function makeHostKeyPair(): HostKeyPair {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { seed, point, blob } = parts(privateKey)
  return {
    openssh: formatKeyPair(privateKey, 'vethlab-host').private,
    dropbear: Buffer.concat([field('ssh-ed25519'), field(Buffer.concat([seed, point]))]),
    public: `ssh-ed25519 ${blob.toString('base64')}`,
  }
}

function parts(key: KeyObject): { seed: Buffer; point: Buffer; blob: Buffer } {
  const { d, x } = key.export({ format: 'jwk' })
  const point = Buffer.from(x ?? '', 'base64url')
  return {
    seed: Buffer.from(d ?? '', 'base64url'),
    point,
    blob: Buffer.concat([field('ssh-ed25519'), field(point)]),
  }
}

/** Writes an ed25519 key in OpenSSH's format (PROTOCOL.key of its sources), without a passphrase. */
export function formatKeyPair(key: KeyObject, comment: string): KeyPair {
  const { seed, point, blob } = parts(key)

  // The check number is twice the same: a reader that decrypted wrongly would see two different ones.
  const check = Buffer.alloc(8, 0x56)
  const secret = Buffer.concat([check, blob, field(Buffer.concat([seed, point])), field(comment)])
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1))
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'), // cipher
    field('none'), // key derivation
    field(''), // its options
    uint32(1), // number of keys
    field(blob),
    field(Buffer.concat([secret, padding])),
  ])
  const lines = file.toString('base64').match(/.{1,70}/g) ?? []
  return {
    private: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    public: `ssh-ed25519 ${blob.toString('base64')} ${comment}`,
  }
}

/** A string as SSH puts it on the wire: its length in 4 bytes, then its bytes. */
function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([uint32(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
