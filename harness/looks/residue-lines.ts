import { child, children, number, parseRows, type Row, text } from './iproute.ts'
import { toLinks } from './link.ts'

/** What was read in one netns: the text of each section, by its name. */
export type Reading = Readonly<Record<string, string>>

/**
 * The state of one netns as lines that stay the same while nobody changes anything. What moves by itself is left out, each
 * by a rule that is named where it is applied.
 */
export function readingLines(reading: Reading): string[] {
  return [
    ...linkLines(reading.addr ?? ''),
    ...routeLines(reading.route4 ?? ''),
    ...routeLines(reading.route6 ?? ''),
    ...policyLines(reading.rule4 ?? '', 'policy rule'),
    ...policyLines(reading.rule6 ?? '', 'IPv6 policy rule'),
    ...iptablesLines(reading.iptables ?? '', 'ip'),
    ...iptablesLines(reading.ip6tables ?? '', 'ip6'),
    ...iptablesLines(reading['iptables-legacy'] ?? '', 'ip legacy'),
    ...iptablesLines(reading['ip6tables-legacy'] ?? '', 'ip6 legacy'),
    ...nftLines(reading.nft ?? ''),
    ...sysctlLines(reading.sysctl ?? ''),
  ]
}

/** What the engine keeps: containers, networks, volumes; three lines of JSON from its API. */
export function engineLines(json: string): string[] {
  const [containers = '', networks = '', volumes = ''] = json.split('\n')
  const lines: string[] = []
  for (const row of parseRows('containers', containers)) {
    const name = Array.isArray(row.Names) ? String(row.Names[0]).replace(/^\//, '') : text(row, 'Id')
    lines.push(`container ${name} of ${text(row, 'Image')}, ${text(row, 'State')}`)
  }
  for (const row of parseRows('networks', networks)) {
    const subnets = children(child(row, 'IPAM'), 'Config').map(config => text(config, 'Subnet'))
    lines.push(`network ${[text(row, 'Name'), text(row, 'Driver'), ...subnets].join(' ')}`)
  }
  if (volumes !== '') {
    for (const row of children(JSON.parse(volumes), 'Volumes')) lines.push(`volume ${text(row, 'Name')}`)
  }
  return lines
}

function linkLines(json: string): string[] {
  return toLinks(parseRows('links', json)).flatMap(link => {
    const name = drawn(link.name)
    const words = [`link ${name}`, link.kind ?? 'device', link.up ? 'up' : 'down', `mtu ${link.mtu}`]
    // Rule "a bridge borrows its MAC": unless it was set, it is the lowest of its ports', so it changes as they come and go.
    // Rule "drawn by lot": the engine's veth ends get random names and MACs.
    if (link.kind !== 'bridge' && name === link.name) words.push(`mac ${link.mac}`)
    if (link.master !== undefined) words.push(`port of ${drawn(link.master)}`)
    const addresses = link.addresses
      // Rule "link-local comes with the carrier": the kernel makes an fe80 address when a link first carries, and keeps it.
      .filter(address => !address.startsWith('fe80:'))
      .map(address => `address ${address} on ${name}`)
    // Rule "state follows the other end": ifindex, operstate and carrier are left out, as nobody sets them.
    return [words.join(' '), ...addresses]
  })
}

function routeLines(json: string): string[] {
  return parseRows('routes', json).flatMap(row => {
    const destination = text(row, 'dst') ?? ''
    const kernels = text(row, 'protocol') === 'kernel'
    // Rule "local routes follow addresses": the kernel makes and takes them together, and the addresses have their lines.
    if (kernels && text(row, 'table') === 'local') return []
    // Rule "link-local comes with the carrier", see above.
    if (kernels && destination.startsWith('fe80:')) return []
    const words = [text(row, 'type'), destination]
    for (const [word, key] of routeWords)
      if (text(row, key) !== undefined) words.push(word, drawn(text(row, key) ?? ''))
    if (number(row, 'metric') !== undefined) words.push('metric', String(number(row, 'metric')))
    // Rule "state follows the other end": flags such as linkdown are left out.
    return [`route ${words.filter(Boolean).join(' ')}`]
  })
}

const routeWords = [
  ['via', 'gateway'],
  ['dev', 'dev'],
  ['table', 'table'],
  ['proto', 'protocol'],
  ['scope', 'scope'],
  ['src', 'prefsrc'],
] as const

function policyLines(json: string, what: string): string[] {
  return parseRows(what, json).map((row: Row) => {
    const { priority, ...rest } = row
    const words = Object.entries(rest).map(([key, value]) => (value === null ? key : `${key} ${value}`))
    return `${what} ${priority}: ${words.join(' ')}`
  })
}

function iptablesLines(saved: string, family: string): string[] {
  let table = ''
  return saved.split('\n').flatMap(line => {
    if (line.startsWith('*')) table = line.slice(1)
    const chain = /^:(\S+) (\S+)/.exec(line)
    // Rule "looking makes tables": the first look at a table makes its built-in chains, empty and accepting, which changes nothing.
    // Rule "counters count": packet and byte counts are left out.
    if (chain)
      return chain[2] === 'ACCEPT'
        ? []
        : chain[2] === '-'
          ? [`chain ${family} ${table} ${chain[1]}`]
          : [`policy ${family} ${table} ${chain[1]} ${chain[2]}`]
    return line.startsWith('-A ') ? [`rule ${family} ${table} ${line}`] : []
  })
}

function nftLines(ruleset: string): string[] {
  let table: string | undefined
  return ruleset.split('\n').flatMap(line => {
    const opened = /^table (\S+ \S+) \{/.exec(line)?.[1]
    // Rule "one rule, one line": iptables-nft's tables are told by iptables-save.
    if (opened !== undefined) table = iptablesTable.test(opened) ? undefined : opened
    return table === undefined || line === '' ? [] : [`nft ${table}: ${line.trim()}`]
  })
}

const iptablesTable = /^ip6? (filter|nat|mangle|raw|security)$/

function sysctlLines(grepped: string): string[] {
  return grepped.split('\n').flatMap(line => {
    const [, path, value = ''] = /^\/proc\/sys\/([^:]+):(.*)$/.exec(line) ?? []
    // Rule "counters count", see above.
    if (path === undefined || path === 'net/netfilter/nf_conntrack_count') return []
    return [`sysctl ${drawn(path)} = ${value.replace(/\s+/g, ' ')}`]
  })
}

/** Rule "drawn by lot": the name of one of the engine's veth ends, as vethXXXXXXX. */
function drawn(name: string): string {
  return name.replace(/\bveth[0-9a-f]{7}\b/, 'vethXXXXXXX')
}
