import { HostError } from '../../errors.ts'
import { type Connection, connect } from '../../transport/connect.ts'
import { LoginFailure } from '../../transport/login-failure.ts'
import { type Address, formatAddress, sshCommand } from './address.ts'
import { dial } from './dial.ts'
import { findIdentities } from './identities.ts'
import { knownHostKeys } from './known-hosts.ts'

const readyMs = 15_000

/** Logs in with the user's keys, if the machine shows a host key that the user knows. Rejects with a HostError. */
export async function logIn(address: Address, signal: AbortSignal): Promise<Connection> {
  const name = `ssh:${formatAddress(address)}`
  const hostKey = await knownHostKeys(address)
  const { identities, from, unusable } = await findIdentities()
  const sock = await dial(address, signal)
  try {
    return await connect(sock, { username: address.username, hostKey, identities }, { name, readyMs, signal })
  } catch (error) {
    // A machine that we made and that shows a wrong key is broken; here it is what the user asked for that's in the way.
    const failure = error instanceof Error ? error.cause : undefined
    if (!(failure instanceof LoginFailure)) throw error
    const tried = [`tried ${from.join(', ')}`, ...unusable.map(why => `not ${why}`)].join('; ')
    throw new HostError(
      `${formatAddress(address)} ${failure.message}${failure.reason === 'refused' ? ` (${tried})` : ''}`,
      {
        mend: mend(failure, address),
        cause: error,
      },
    )
  }
}

function mend({ reason }: LoginFailure, address: Address): string {
  switch (reason) {
    case 'host-key':
      return `if it was installed anew, forget its old key with ssh-keygen -R ${knownName(address)}, and accept the new one: ${sshCommand(address, 'true')}`
    case 'refused':
      return `ssh-copy-id${address.port === 22 ? '' : ` -p ${address.port}`} ${address.username}@${address.host}, or name the key's file in VETHLAB_SSH_KEY`
    default:
      return `look whether this works: ${sshCommand(address, 'true')}`
  }
}

function knownName({ host, port }: Address): string {
  return port === 22 ? host : `'[${host}]:${port}'`
}
