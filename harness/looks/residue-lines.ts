import { child, children, number, parseRows, type Row, text, texts } from './iproute.ts'
import { toLinks } from './link.ts'

/** What was read in one netns: the text of each section, by its name. */
export type Reading = Readonly<Record<string, string>>

/**
 * The state of one netns as lines that stay the same while nobody changes anything. What moves by itself is left out, each
 * by a rule that is named where it is applied.
 */
export function readingLines(reading: Reading): string[] {
  const [addr = '', routes = '', rules = '', rules6 = ''] = (reading.ip ?? '').split('\n')
  return [
    ...linkLines(addr),
    ...routeLines(routes),
    ...policyLines(rules, 'policy rule'),
    ...policyLines(rules6, 'IPv6 policy rule'),
    ...iptablesLines(reading.iptables ?? '', 'ip'),
    ...iptablesLines(reading.ip6tables ?? '', 'ip6'),
    ...iptablesLines(reading['iptables-legacy'] ?? '', 'ip legacy'),
    ...iptablesLines(reading['ip6tables-legacy'] ?? '', 'ip6 legacy'),
    ...nftLines(reading.nft ?? ''),
    ...sysctlLines(reading.sysctl ?? ''),
  ]
}

/** What the engine keeps: containers, networks, volumes. Each line is a path of its API and the JSON that it answered. */
export function engineLines(answers: string): string[] {
  return answers.split('\n').flatMap(line => {
    const [, what = '', json = ''] = /^([a-z]+)\S* (.*)$/.exec(line) ?? []
    // An object, not an array, is what the engine answers about volumes.
    const rows = parseRows(what, json.startsWith('{') ? `[${json}]` : json)
    if (what === 'containers') {
      return rows.map(
        row =>
          `container ${texts(row, 'Names').join(' ').replaceAll('/', '')} of ${text(row, 'Image')}, ${text(row, 'State')}`,
      )
    }
    if (what === 'networks') {
      const subnets = (row: Row) => children(child(row, 'IPAM'), 'Config').map(config => text(config, 'Subnet'))
      return rows.map(row => `network ${[text(row, 'Name'), text(row, 'Driver'), ...subnets(row)].join(' ')}`)
    }
    return rows.flatMap(row => children(row, 'Volumes')).map(row => `volume ${text(row, 'Name')}`)
  })
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
    for (const [word, key] of routeWords) {
      const value = text(row, key)
      if (value !== undefined) words.push(`${word} ${drawn(value)}`)
    }
    if (number(row, 'metric') !== undefined) words.push('metric', String(number(row, 'metric')))
    // Rule "state follows the other end": flags such as linkdown are left out.
    return [`route ${words.filter(word => word !== undefined && !usual.has(word)).join(' ')}`]
  })
}

/** What goes without saying. */
const usual = new Set(['unicast', 'table main', 'scope global'])

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
    if (chain?.[2] === 'ACCEPT') return []
    if (chain?.[2] === '-') return [`chain ${family} ${table} ${chain[1]}`]
    if (chain) return [`policy ${family} ${table} ${chain[1]} ${chain[2]}`]
    return line.startsWith('-A ') ? [`rule ${family} ${table} ${line}`] : []
  })
}

function nftLines(ruleset: string): string[] {
  let table = ''
  let part = ''
  return ruleset.split('\n').flatMap(line => {
    const [, opened] = /^table (\S+ \S+) \{/.exec(line) ?? []
    const [, begun] = /^\t(\S.*) \{$/.exec(line) ?? []
    if (opened !== undefined) [table, part] = [opened, '']
    else if (begun !== undefined) part = ` ${begun}`
    // Rule "one rule, one line": iptables-nft's tables are told by iptables-save.
    if (iptablesTable.test(table) || /^\s*\}?$/.test(line)) return []
    return [`nft ${table}${part}${(opened ?? begun) ? '' : `: ${line.trim()}`}`]
  })
}

const iptablesTable = /^ip6? (filter|nat|mangle|raw|security)$/

function sysctlLines(grepped: string): string[] {
  return grepped.split('\n').flatMap(line => {
    const [, path, value = ''] = /^\/proc\/sys\/([^:]+):(.*)$/.exec(line) ?? []
    // Rule "counters count", see above.
    if (path === undefined || path === 'net/netfilter/nf_conntrack_count') return []
    // As sysctl(8) writes it: a dot in an interface's name trades places with the separator.
    const key = drawn(path).replace(/[./]/g, found => (found === '.' ? '/' : '.'))
    return [`sysctl ${key} = ${value.replace(/\s+/g, ' ')}`]
  })
}

/** Rule "drawn by lot": the name of one of the engine's veth ends, as vethXXXXXXX. */
function drawn(name: string): string {
  return name.replace(/\bveth[0-9a-f]{7}\b/, 'vethXXXXXXX')
}
