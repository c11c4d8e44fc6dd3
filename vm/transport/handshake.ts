import type { Duplex } from 'node:stream'
import { type Algorithms, type AuthMethod, Client, type ConnectConfig } from 'ssh2'
import { fingerprint, parseHostKeys, signatureAlgorithms } from './host-key.ts'
import { LoginFailure } from './login-failure.ts'

/** A private key in OpenSSH's format, or the path of the socket of an ssh-agent that holds some. */
export type Identity = { privateKey: string } | { agent: string }

/**
 * Who logs in, with which key, or with whichever of several is accepted; and which key the machine must show: one or
 * several lines of `ssh-ed25519 BASE64`.
 */
export type Login = { username: string; hostKey: string } & ({ privateKey: string } | { identities: Identity[] })

/** Exchanges keys and logs in. Rejects with a LoginFailure, or with the signal's reason. */
export async function shakeHands(
  sock: Duplex,
  login: Login,
  { handshakeMs, keepaliveMs, signal }: { handshakeMs: number; keepaliveMs: number; signal: AbortSignal },
): Promise<Client> {
  signal.throwIfAborted()
  const expected = parseHostKeys(login.hostKey)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let wrongKey: LoginFailure | undefined
  const config: ConnectConfig = {
    sock,
    username: login.username,
    algorithms: algorithms(login),
    readyTimeout: handshakeMs,
    // Its pings keep the connection talking; whether it still is, pulse.ts judges.
    keepaliveInterval: keepaliveMs,
    keepaliveCountMax: Number.MAX_SAFE_INTEGER,
    hostVerifier: (shown: Buffer) => {
      if (expected.some(({ blob }) => blob.equals(shown))) return true
      const prints = expected.map(({ blob }) => fingerprint(blob)).join(' or ')
      wrongKey = new LoginFailure('host-key', `shows host key ${fingerprint(shown)}, expected ${prints}`)
      return false
    },
    authHandler: authentications(login),
  }
  const client = new Client()
  const failed = (error: Error & { level?: string }) => reject(wrongKey ?? explain(error, handshakeMs))
  const closed = () => reject(wrongKey ?? new LoginFailure('closed', 'closed the connection during the handshake'))
  const aborted = () => reject(signal.reason)
  signal.addEventListener('abort', aborted)
  client.on('ready', resolve).on('error', failed).on('close', closed).on('end', closed)
  try {
    client.connect(config)
    await promise
    // Without it Nagle's algorithm holds each small packet back for 40 ms.
    client.setNoDelay(true)
    return client
  } catch (error) {
    client.on('error', () => {}) // what comes after the first error adds nothing, and would be thrown
    throw error
  } finally {
    signal.removeEventListener('abort', aborted)
    client.off('ready', resolve).off('error', failed).off('close', closed).off('end', closed)
  }
}

/** What to try, in order. Left to itself ssh2 asks first whether no key would do, which costs a round trip. */
function authentications(login: Login): AuthMethod[] {
  const { username } = login
  const identities = 'identities' in login ? login.identities : [login]
  return identities.map(identity =>
    'agent' in identity
      ? { type: 'agent', username, agent: identity.agent }
      : { type: 'publickey', username, key: identity.privateKey },
  )
}

/** The cheapest first, as a login's cost is a machine's start time; the rest is for hosts that are not ours. */
function algorithms(login: Login): Algorithms {
  const signatures = signatureAlgorithms(parseHostKeys(login.hostKey))
  return {
    kex: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group-exchange-sha256',
      'diffie-hellman-group14-sha256',
      'diffie-hellman-group16-sha512',
    ],
    cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
    compress: ['none'],
    ...(signatures.length > 0 && { serverHostKey: signatures }),
  }
}

function explain(error: Error & { level?: string }, handshakeMs: number): LoginFailure {
  const { message, level } = error
  if (level === 'client-authentication') return new LoginFailure('refused', 'refuses the key', { cause: error })
  if (level === 'client-timeout')
    return new LoginFailure('handshake', `did not finish the handshake within ${handshakeMs / 1000} s`, {
      cause: error,
    })
  return new LoginFailure('handshake', `failed the handshake: ${message}`, { cause: error })
}
