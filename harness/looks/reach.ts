import { LookError, type Probe } from './probe.ts'
import { quote } from './quote.ts'

/** What came of an ICMP echo. */
export interface Ping {
  sent: number
  received: number
  replies: Array<{ from: string; ttl: number; ms: number; sequence: number }>
  /** What routers and the own kernel said instead of a reply: 'Destination Host Unreachable', 'Time to live exceeded'… */
  errors: Array<{ from: string; text: string }>
  /** ping's own: 0 a reply came, 1 none came, 2 it could not even send. */
  exitCode: number
  stderr: string
}

export interface PingOptions {
  /** How many requests, 0.2 s apart. Default 1. */
  count?: number
  /** How long to wait for the last reply, in seconds. Default 1. */
  timeoutS?: number
  ttl?: number
  /** Source address or interface. */
  from?: string
}

/** Pings `target` from the place. That nobody answers is an answer; only a ping that can't be run is an error. */
export function ping(target: string, { count = 1, timeoutS = 1, ttl, from }: PingOptions = {}): Probe<Ping> {
  const title = `ping ${target}`
  const options = [`-n -c ${count} -W ${timeoutS}`]
  if (count > 1) options.push('-i 0.2')
  if (ttl !== undefined) options.push(`-t ${ttl}`)
  if (from !== undefined) options.push(`-I ${quote(from)}`)
  return {
    title,
    script: `LC_ALL=C exec ping ${options.join(' ')} ${quote(target)}`,
    parse: ({ exitCode, stdout, stderr }) => {
      if (exitCode === null || exitCode > 2) throw new LookError(`${title}: exit code ${exitCode}: ${stderr.trim()}`)
      const counts = /^(\d+) packets transmitted, (\d+) received/m.exec(stdout)
      return {
        sent: Number(counts?.[1] ?? 0),
        received: Number(counts?.[2] ?? 0),
        replies: [...stdout.matchAll(/^\d+ bytes from (\S+): icmp_seq=(\d+) ttl=(\d+) time=([\d.]+) ms/gm)].map(
          ([, address = '', sequence, timeToLive, ms]) => ({
            from: address,
            ttl: Number(timeToLive),
            ms: Number(ms),
            sequence: Number(sequence),
          }),
        ),
        errors: [...stdout.matchAll(/^From (\S+?):? icmp_seq=\d+ (.*)$/gm)].map(([, address = '', text = '']) => ({
          from: address,
          text,
        })),
        exitCode,
        stderr: stderr.trim(),
      }
    },
  }
}

/** What came of a TCP connect. */
export interface TcpConnect {
  connected: boolean
  /** Why not: 'Connection refused', 'No route to host', 'timed out after 2 s'… */
  error?: string
}

/** Connects to a TCP port from the place and hangs up. Names are resolved as the guest does, not as a container would. */
export function tcp(host: string, port: number, { timeoutS = 2 }: { timeoutS?: number } = {}): Probe<TcpConnect> {
  const title = `TCP to ${host}:${port}`
  return {
    title,
    script: `LC_ALL=C exec timeout ${timeoutS} bash -c 'exec 3<>"/dev/tcp/$0/$1"' ${quote(host)} ${port}`,
    parse: ({ exitCode, stderr }) => {
      if (exitCode === 0) return { connected: true }
      if (exitCode === 124) return { connected: false, error: `timed out after ${timeoutS} s` }
      // bash says it twice: "bash: connect: Connection refused", then "…: /dev/tcp/…: Connection refused".
      const error =
        /(?:connect|\/dev\/tcp\/\S+): (.*)$/m.exec(stderr)?.[1] ?? /^.*?: line \d+: (.*)$/m.exec(stderr)?.[1]
      if (error === undefined) throw new LookError(`${title}: exit code ${exitCode}: ${stderr.trim()}`)
      return { connected: false, error }
    },
  }
}

/** What came of an HTTP request. */
export interface HttpAnswer {
  /** Absent when no answer came. */
  status?: number
  /** Names in lower case. */
  headers: Record<string, string>
  body: string
  /** The source address that the server saw, where it tells it in a header `X-Seen-From: address:port`. */
  seenFrom?: { address: string; port: number }
  /** What curl said when no whole answer came: 'Connection refused', 'timed out'… */
  error?: string
}

export interface HttpOptions {
  /** For the whole exchange, in seconds. Default 3. */
  timeoutS?: number
  /** Source address or interface. */
  from?: string
}

/** GETs a URL from the place, following nothing. Names are resolved as the guest does, not as a container would. */
export function http(url: string, { timeoutS = 3, from }: HttpOptions = {}): Probe<HttpAnswer> {
  const title = `GET ${url}`
  const source = from === undefined ? '' : ` --interface ${quote(from)}`
  return {
    title,
    script: `exec curl -sS -i --noproxy '*' -m ${timeoutS}${source} ${quote(url)}`,
    parse: ({ exitCode, stdout, stderr }) => {
      if (exitCode === null || exitCode >= 126) throw new LookError(`${title}: exit code ${exitCode}: ${stderr.trim()}`)
      const [, head = '', body = ''] = /^(HTTP\/.*?)\r?\n\r?\n(.*)$/s.exec(stdout) ?? []
      const headers = Object.fromEntries(
        [...head.matchAll(/^([^:\s]+):[ \t]*(.*?)\r?$/gm)].map(([, name = '', value = '']) => [
          name.toLowerCase(),
          value,
        ]),
      )
      const answer: HttpAnswer = { headers, body }
      const status = /^HTTP\/\S+ (\d+)/.exec(head)?.[1]
      if (status !== undefined) answer.status = Number(status)
      const seen = /^(.*):(\d+)$/.exec(headers['x-seen-from'] ?? '')
      if (seen) answer.seenFrom = { address: seen[1] ?? '', port: Number(seen[2]) }
      if (exitCode !== 0) answer.error = stderr.trim().replace(/^curl: \(\d+\) /, '')
      return answer
    },
  }
}
