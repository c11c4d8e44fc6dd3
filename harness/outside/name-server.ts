import { readFile } from 'node:fs/promises'
import type { Machine } from '../../vm/machine.ts'
import { quote } from '../looks/quote.ts'

export interface NameServerOptions {
  /** An address of `outside`. Default 203.0.113.1, which the guest's /etc/resolv.conf names. */
  address?: string
}

/** A question that a name server was asked. */
export interface Query {
  /** The source address, as the name server saw it. */
  from: string
  /** Without the dot at its end. */
  name: string
  /** 'A', 'AAAA', 'PTR', 'SRV'…; the number of one that has no name here. */
  type: string
}

/** A name server that answers. Undo it: ``defer`kill ${names.pid}` ``. */
export interface NameServer {
  address: string
  /** Its process in the guest. */
  pid: number
  /** What it is asked while something happens, in order. */
  queries(options: { while: () => unknown }): Promise<Query[]>
}

/**
 * Starts a name server in `outside`: it knows the records it is given (`host.example.com A 192.0.2.7`) and says of all other
 * names that there are none.
 */
export async function nameServer(
  machine: Machine,
  records: readonly string[],
  { address = '203.0.113.1' }: NameServerOptions = {},
): Promise<NameServer> {
  const input = await readFile(new URL('name-server.pl', import.meta.url), 'utf8')
  const perl = ['perl', '-', ...[address, ...records].map(quote)].join(' ')
  const started = await machine.exec(`exec nsenter --net=/run/netns/outside ${perl}`, { input })
  const pid = Number(started.stdout)
  if (started.exitCode !== 0 || !pid) throw new Error(`no name server at ${address}: ${started.stderr.trim()}`)
  // It notes a query before it answers, so what was answered is there.
  const log = async () => {
    const { exitCode, stdout } = await machine.exec(`cat /proc/${pid}/fd/1`)
    if (exitCode !== 0) throw new Error(`the name server at ${address} is gone`)
    return stdout.split('\n').filter(Boolean)
  }
  return {
    address,
    pid,
    async queries({ while: act }) {
      const before = (await log()).length
      await act()
      return (await log()).slice(before).map(readQuery)
    },
  }
}

function readQuery(line: string): Query {
  const [, from, name, type] = /^(\S+) (\S*) (\S+)$/.exec(line) ?? []
  if (from === undefined || name === undefined || type === undefined) throw new Error(`the name server says: ${line}`)
  return { from, name, type }
}
