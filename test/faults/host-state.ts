import { readdir, readFile, readlink } from 'node:fs/promises'
import { execa } from 'execa'
import { descendants } from './processes.ts'

/**
 * This host's network state as lines: links, addresses, routes, rules of both iptables backends and of nftables,
 * settings, named netns. Reads only. What changes by itself (counters, timers, learned neighbours) is left out, so that
 * two of them are equal when nobody has changed anything in between.
 */
export async function hostState(): Promise<string[]> {
  const parts = await Promise.all([
    lines('link', ['ip', '-d', '-o', 'link', 'show']),
    lines('address', ['ip', '-o', 'address', 'show']),
    lines('route', ['ip', 'route', 'show', 'table', 'all']),
    lines('route6', ['ip', '-6', 'route', 'show', 'table', 'all']),
    lines('rule', ['ip', 'rule', 'show']),
    lines('rule6', ['ip', '-6', 'rule', 'show']),
    lines('netns', ['ip', 'netns', 'list']),
    lines('nft', ['nft', '--stateless', 'list', 'ruleset']),
    lines('iptables-nft', ['iptables-nft-save']),
    lines('ip6tables-nft', ['ip6tables-nft-save']),
    legacy('iptables-legacy', '/proc/net/ip_tables_names'),
    legacy('ip6tables-legacy', '/proc/net/ip6_tables_names'),
    settings('/proc/sys/net'),
  ])
  return parts.flat().sort()
}

/**
 * What came and went between two states: `+ link …`, `- setting …`. A setting that was not there before is none: it came
 * with a module that the kernel has loaded since, for whoever on this host asked for it first.
 */
export function changes(before: string[], after: string[]): string[] {
  const settings = new Set(before.flatMap(line => pathOf(line) ?? []))
  const came = (line: string) => {
    const path = pathOf(line)
    return !before.includes(line) && (path === undefined || settings.has(path))
  }
  return [
    ...before.filter(line => !after.includes(line)).map(line => `- ${line}`),
    ...after.filter(came).map(line => `+ ${line}`),
  ]
}

/** The path of a setting; undefined for what is none. */
function pathOf(line: string): string | undefined {
  return /^setting (\S+)/.exec(line)?.[1]
}

/**
 * The sockets of a process, and of all that it has started, that are in this host's network: TCP, UDP, raw and packet
 * sockets, whatever they are bound to. Unix sockets, and those in a guest's own network namespace, are none of them.
 */
export async function networkSocketsOf(pid: number): Promise<string[]> {
  const pids = [pid, ...(await descendants(pid)).map(({ number }) => number)]
  const tables = await Promise.all(
    ['tcp', 'tcp6', 'udp', 'udp6', 'udplite', 'udplite6', 'raw', 'raw6', 'packet'].map(async protocol => {
      const [, ...rows] = (await readFile(`/proc/net/${protocol}`, 'utf8').catch(() => '')).trim().split('\n')
      return rows.map(row => ({ protocol, row: row.trim(), fields: row.trim().split(/\s+/) }))
    }),
  )
  const sockets = tables.flat()
  const found = await Promise.all(
    pids.map(async number => {
      const inodes = await socketsOf(number)
      // The inode is the last but some of a row: any field may be it, and no other is as large.
      const own = sockets.filter(({ fields }) => fields.some(field => inodes.has(field)))
      return own.map(({ protocol, row }) => `${number}: ${protocol} ${row}`)
    }),
  )
  return found.flat()
}

async function socketsOf(pid: number): Promise<Set<string>> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const targets = await Promise.all(fds.map(fd => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  return new Set(targets.flatMap(target => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []))
}

async function lines(what: string, [command = '', ...args]: string[]): Promise<string[]> {
  // A tool or a protocol that this host lacks has no state that could change.
  const { stdout } = await execa(command, args, { reject: false, env: { LC_ALL: 'C' } })
  return (stdout ?? '')
    .split('\n')
    .filter(line => line.trim() !== '' && !line.startsWith('#'))
    .map(line => `${what} ${line.replace(volatile, '').trim()}`)
}

/** Counters, and how long something is still valid. */
const volatile =
  /\[\d+:\d+\]|(?:valid_lft|preferred_lft|expires) \d+sec|\bage \d+|(?:gc_timer|tcn_timer|topology_change_timer|hello_timer) +[\d.]+/g

/** Asked for rules while there is no table, the tool would have the kernel load modules. */
async function legacy(what: string, tables: string): Promise<string[]> {
  const names = await readFile(tables, 'utf8').catch(() => '')
  return names.trim() === '' ? [] : await lines(what, [`${what}-save`])
}

async function settings(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  const read = entries
    .filter(entry => entry.isFile())
    .map(entry => `${entry.parentPath}/${entry.name}`)
    // How many there are just now, and what is to be written only.
    .filter(path => !/(_count|_max_orphans|\/flush|fib_multipath_hash_seed|_key)$/.test(path))
  return await Promise.all(
    read.map(async path => `setting ${path} ${(await readFile(path, 'utf8').catch(() => '')).trim()}`),
  )
}
