import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { HostError } from '../../errors.ts'
import type { Identity } from '../../transport/connect.ts'

/** The keys to log in with, and those that were left out, each with the reason. */
export interface Identities {
  identities: Identity[]
  /** For people, e.g. `ssh-agent`, `~/.ssh/id_ed25519`. */
  from: string[]
  unusable: string[]
}

const usual = ['id_ed25519', 'id_ecdsa', 'id_rsa']

/**
 * Finds the user's keys, in ssh's order: the agent's, then the usual files; with VETHLAB_SSH_KEY, that file alone.
 * Throws a HostError when there are none.
 */
export async function findIdentities(env: NodeJS.ProcessEnv = process.env): Promise<Identities> {
  const found: Identities = { identities: [], from: [], unusable: [] }
  const only = env.VETHLAB_SSH_KEY
  const agent = env.SSH_AUTH_SOCK
  if (!only && agent) {
    found.identities.push({ agent })
    found.from.push('ssh-agent')
  }
  for (const path of only ? [only] : usual.map(name => join(homedir(), '.ssh', name))) {
    const read = await readKey(path)
    if ('privateKey' in read) {
      found.identities.push(read)
      found.from.push(path)
    } else if (only || !read.absent) found.unusable.push(`${path}: ${read.why}`)
  }
  if (found.identities.length > 0) return found
  throw new HostError(`no key to log in with${found.unusable.length > 0 ? `: ${found.unusable.join('; ')}` : ''}`, {
    mend: 'make one with ssh-keygen -t ed25519, unlock one with ssh-add, or name its file in VETHLAB_SSH_KEY',
  })
}

async function readKey(path: string): Promise<{ privateKey: string } | { why: string; absent: boolean }> {
  try {
    const privateKey = await readFile(path, 'utf8')
    const key = ssh2.utils.parseKey(privateKey)
    if (!(key instanceof Error)) return { privateKey }
    const locked = /passphrase/i.test(key.message)
    return { why: locked ? 'it has a passphrase (ssh-add unlocks it)' : key.message, absent: false }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { why: code === 'ENOENT' ? 'there is no such file' : message, absent: code === 'ENOENT' }
  }
}
