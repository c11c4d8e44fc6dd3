import { known } from './iproute.ts'
import { LookError, type Probe } from './probe.ts'

/** A socket that waits for packets: a listening TCP socket, a UDP socket that is not connected. */
export interface ListeningSocket {
  protocol: 'tcp' | 'udp'
  /** '127.0.0.1', '0.0.0.0' (any IPv4), '::' (any IPv6), '*' (any of both). */
  address: string
  port: number
  /** The interface that it's bound to, or that its link-local address belongs to. */
  link?: string
  /** The name of the process that holds it, the first of several; absent for one in a PID namespace that can't be seen from here. */
  process?: string
  /** Every process that holds it. */
  pids: number[]
}

/** The listening TCP and UDP sockets of a netns, by protocol, address and process: the kernel's own order is none. */
export function sockets(): Probe<ListeningSocket[]> {
  return {
    title: 'listening sockets',
    script: 'ss -H -lntup',
    parse({ exitCode, stdout, stderr }) {
      if (exitCode !== 0) throw new LookError(`listening sockets: exit code ${exitCode}: ${stderr.trim()}`)
      return stdout.split('\n').filter(Boolean).map(readSocket).toSorted(inOrder)
    },
  }
}

/** `tcp LISTEN 0 4096 127.0.0.1:8081 0.0.0.0:* users:(("docker-proxy",pid=935,fd=4))`, columns padded. */
function readSocket(line: string): ListeningSocket {
  const { protocol, local = '', users = '' } = columns.exec(line)?.groups ?? {}
  const { address, link, port } = localAddress.exec(local)?.groups ?? {}
  if ((protocol !== 'tcp' && protocol !== 'udp') || address === undefined) {
    throw new LookError(`listening sockets: not a line of ss: ${line}`)
  }
  // A process may have quotes and parentheses in its name, and ss escapes nothing.
  const holders = [...users.matchAll(/\("(.*?)",pid=(\d+),fd=\d+\)/g)]
  return known<ListeningSocket>({
    protocol,
    address: address.replace(/^\[|\]$/g, ''),
    port: Number(port),
    link,
    process: holders[0]?.[1],
    pids: holders.map(([, , pid]) => Number(pid)),
  })
}

function inOrder(one: ListeningSocket, other: ListeningSocket): number {
  const key = ({ protocol, address, process = '' }: ListeningSocket) => `${protocol} ${address} ${process}`
  return key(one).localeCompare(key(other)) || one.port - other.port
}

const columns = /^(?<protocol>\S+)\s+\S+\s+\d+\s+\d+\s+(?<local>\S+)\s+\S+\s*(?:users:\((?<users>.*)\))?\s*$/

const localAddress = /^(?<address>\[[^\]]*\]|[^%]*?)(?:%(?<link>.+))?:(?<port>\d+)$/
