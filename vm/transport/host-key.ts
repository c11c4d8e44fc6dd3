import { createHash } from 'node:crypto'
import type { ServerHostKeyAlgorithm } from 'ssh2'

/** A public key as known_hosts writes it: its type, and the blob whose hash is its fingerprint. */
export interface HostKey {
  type: string
  blob: Buffer
}

/** Reads lines of `TYPE BASE64 [comment]`, one key each. */
export function parseHostKeys(lines: string): HostKey[] {
  return lines
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
    .map(line => {
      const [type = '', base64 = ''] = line.split(/\s+/)
      return { type, blob: Buffer.from(base64, 'base64') }
    })
}

/** The key's fingerprint as `ssh-keygen -l` prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** The signature algorithms with which a server can prove one of these keys, so that it offers no other. */
export function signatureAlgorithms(keys: HostKey[]): ServerHostKeyAlgorithm[] {
  return [...new Set(keys.flatMap(({ type }) => byType[type] ?? []))]
}

const byType: Record<string, ServerHostKeyAlgorithm[]> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  // One kind of key, two kinds of signature; SHA-1 is no longer believed.
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}
