import { known, number, rows, text, texts } from './iproute.ts'
import type { Probe } from './probe.ts'
import { quote } from './quote.ts'

export interface Route {
  /** 'unicast', 'local', 'broadcast', 'blackhole', 'unreachable'… */
  type: string
  /** 'default', '192.168.88.0/24', '192.168.88.1'. */
  destination: string
  /** The next hop; absent when the destination is on the link. */
  gateway?: string
  link?: string
  /** 'kernel', 'boot' (typed by someone), 'static', 'dhcp'… */
  protocol?: string
  /** 'link', 'host'; absent for global. */
  scope?: string
  /** The source address that this route prefers. */
  source?: string
  metric?: number
  /** 'linkdown', 'dead', 'onlink'… */
  flags: string[]
  /** Told only where several tables were asked for. */
  table?: string
}

export interface RoutesAsked {
  /** 'main' (without asking), 'local', 'default', 'all', or a number. */
  table?: string | number
  family?: 'inet' | 'inet6'
}

/** The routes of a table, in the order in which `ip route` lists them. A table that no route was ever put in has none. */
export function routes({ table = 'main', family = 'inet' }: RoutesAsked = {}): Probe<Route[]> {
  const title = `${family === 'inet6' ? 'IPv6 ' : ''}routes${table === 'main' ? '' : ` of table ${table}`}`
  return {
    title,
    script: `ip -j ${family === 'inet6' ? '-6' : '-4'} route show table ${quote(String(table))}`,
    parse: output =>
      rows(title, output, /FIB table does not exist/).map(row =>
        known<Route>({
          type: text(row, 'type') ?? 'unicast',
          destination: text(row, 'dst') ?? '',
          gateway: text(row, 'gateway'),
          link: text(row, 'dev'),
          protocol: text(row, 'protocol'),
          scope: text(row, 'scope'),
          source: text(row, 'prefsrc'),
          metric: number(row, 'metric'),
          flags: texts(row, 'flags'),
          table: text(row, 'table'),
        }),
      ),
  }
}
