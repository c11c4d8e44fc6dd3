import { HostError } from '../../errors.ts'

/** Where a machine is, and as whom to log in. */
export interface Address {
  username: string
  host: string
  port: number
}

/** Reads `ssh://user@host[:port]`; the user is root where none is named. Throws a HostError. */
export function parseAddress(url: string): Address {
  const wrong = (why: string) =>
    new HostError(`not a machine's address: ${url} (${why})`, { mend: 'write it as ssh://user@host[:port]' })
  if (!URL.canParse(url)) throw wrong('it is not a URL')
  const { protocol, username, password, hostname, port, pathname, search, hash } = new URL(url)
  if (protocol !== 'ssh:') throw wrong('it does not begin with ssh://')
  if (hostname === '') throw wrong('it names no host')
  if (password !== '') throw wrong('a password has no place in it: log in with a key')
  if (!['', '/'].includes(pathname) || search !== '' || hash !== '') throw wrong('it goes on after the host')
  return {
    username: decodeURIComponent(username) || 'root',
    host: decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 22 : Number(port),
  }
}

/** The address for people: `root@192.0.2.7`, `root@[2001:db8::7]:2222`. */
export function formatAddress({ username, host, port }: Address): string {
  return `${username}@${host.includes(':') ? `[${host}]` : host}${port === 22 ? '' : `:${port}`}`
}

/** The address as `--on` takes it. */
export function formatUrl(address: Address): string {
  return `ssh://${formatAddress(address)}`
}

/** The ssh command that reaches it, and what it is to run there. */
export function sshCommand({ username, host, port }: Address, command = ''): string {
  return `ssh ${port === 22 ? '' : `-p ${port} `}${username}@${host}${command && ` ${command}`}`
}
