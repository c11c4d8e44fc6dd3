import { homedir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { HostError } from '../../errors.ts'
import { type Address, formatAddress, sshCommand } from './address.ts'

/** The keys that this user has accepted for a host, as lines of `TYPE BASE64`. Throws a HostError if there are none. */
export async function knownHostKeys(address: Address): Promise<string> {
  const name = address.port === 22 ? address.host : `[${address.host}]:${address.port}`
  const files = [join(homedir(), '.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts']
  const found = await Promise.all(files.map(file => lookUp(name, file)))
  const keys = readEntries(found.join('\n'))
  if (keys.length > 0) return keys.join('\n')
  throw new HostError(
    `the host key of ${formatAddress(address)} is not known here: looked for ${name} in ${files.join(' and ')}`,
    {
      mend: `connect once by hand, compare the fingerprint, and accept it: ${sshCommand(address, 'true')}`,
    },
  )
}

/** ssh-keygen looks, as names in the file may be hashed. It exits with 1 where it finds nothing, or no file. */
async function lookUp(name: string, file: string): Promise<string> {
  const { stdout, code } = await execa('ssh-keygen', ['-F', name, '-f', file], { reject: false })
  if (code === 'ENOENT')
    throw new HostError('ssh-keygen is not installed', { mend: 'sudo apt-get install openssh-client' })
  return stdout
}

/** Takes `TYPE BASE64` out of known_hosts lines; what is marked as revoked, or as an authority's, vouches for no host. */
export function readEntries(lines: string): string[] {
  const entries = lines.split('\n').filter(line => line.trim() !== '' && !line.startsWith('#'))
  const revoked = entries.filter(line => line.startsWith('@revoked')).map(line => line.split(/\s+/)[3])
  return entries
    .filter(line => !line.startsWith('@'))
    .map(line => line.split(/\s+/).slice(1, 3))
    .filter(([type, base64]) => type !== undefined && base64 !== undefined && !revoked.includes(base64))
    .map(words => words.join(' '))
}
