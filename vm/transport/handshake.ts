import type { Duplex } from 'node:stream'
import { type Algorithms, Client, type ConnectConfig } from 'ssh2'
import { fingerprint, parseHostKeys, signatureAlgorithms } from './host-key.ts'
import { LoginFailure } from './login-failure.ts'

/** Who logs in, and which key the machine must show: one or several lines of `ssh-ed25519 BASE64`. */
export type Login = { username: string; hostKey: string } & (
  | { /** In OpenSSH's format. */ privateKey: string }
  | { /** Path of an ssh-agent's socket, which holds the key. */ agent: string }
)

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
    ...('agent' in login ? { agent: login.agent } : { privateKey: login.privateKey }),
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
