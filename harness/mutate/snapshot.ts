import type { Chain, Rule, RuleSpecification, Ruleset } from '../iptables/model.ts'
import { parseRuleset } from '../iptables/parse.ts'

/** What of a machine a command may change without naming it, as far as it can be broken. */
export interface Snapshot {
  /** Of iptables, then of ip6tables. */
  rulesets: Ruleset[]
  /** Names of the links that are ports of a bridge. */
  ports: string[]
  /** Values by the keys of sysctl(8). */
  sysctls: Map<string, string>
  /** How many packets the machine has forwarded. */
  forwarded: number
}

/** Where the guest keeps what is taken while a lab runs. */
export const folder = '/run/vethlab-mutate'

/** Makes the guest able to take snapshots: `snap NAME`, as a script of its own. */
export const prepareSnapshots = `mkdir -p ${folder}
cat >${folder}/snap <<'END'
exec >${folder}/$1 2>/dev/null </dev/null
iptables-save -c
echo '@@ ip6tables'
ip6tables-save -c
echo '@@ ports'
ls -d /sys/class/net/*/brport
echo '@@ sysctls'
grep -H . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/forwarding /proc/sys/net/ipv4/conf/*/route_localnet \\
  /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv4/conf/*/proxy_arp /proc/sys/net/ipv6/conf/all/forwarding \\
  /proc/sys/net/bridge/bridge-nf-*
echo '@@ forwarded'
grep ^Ip: /proc/net/snmp
END`

/** The command that takes a snapshot under a name. */
export function snap(name: string): string {
  return `sh ${folder}/snap ${name}`
}

/** Prints all that were taken, as `readSnapshots` reads them. */
export const printSnapshots = `cd ${folder} && for name in *.*; do echo "@@@ $name"; cat "$name"; done`

/** Reads what `printSnapshots` printed, by the names under which they were taken. */
export function readSnapshots(text: string): Map<string, Snapshot> {
  const parts = text.split(/^@@@ (.*)\n/m).slice(1)
  return new Map(parts.flatMap((name, i) => (i % 2 === 0 ? [[name, readSnapshot(parts[i + 1] ?? '')] as const] : [])))
}

function readSnapshot(text: string): Snapshot {
  const [rules = '', rules6 = '', ports = '', sysctls = '', snmp = ''] = text.split(/^@@ \w+\n/m)
  const values = [...sysctls.matchAll(/^\/proc\/sys\/(\S+?):(.*)$/gm)]
  const [names = [], numbers = []] = [...snmp.matchAll(/^Ip: (.*)$/gm)].map(([, row = '']) => row.split(' '))
  return {
    rulesets: [parseRuleset(rules, 'inet'), parseRuleset(rules6, 'inet6')],
    ports: [...ports.matchAll(/^\/sys\/class\/net\/(\S+)\/brport$/gm)].map(([, name = '']) => name),
    sysctls: new Map(values.map(([, path = '', value = '']) => [keyOf(path), value])),
    forwarded: Number(numbers[names.indexOf('ForwDatagrams')] ?? 0),
  }
}

/** As sysctl(8) writes it: a dot in an interface's name trades places with the separator. */
function keyOf(path: string): string {
  return path.replace(/[./]/g, found => (found === '.' ? '/' : '.'))
}

/** All rules of a machine, family after family, table after table, in the kernel's order. */
export function rulesOf({ rulesets }: Pick<Snapshot, 'rulesets'>): Rule[] {
  return rulesets.flatMap(({ tables }) => tables.flatMap(({ chains }) => chains.flatMap(({ rules }) => rules)))
}

/** The chain of a name that stands in the same table as a rule. */
export function chainBeside(
  { family, table }: RuleSpecification,
  name: string,
  { rulesets }: Pick<Snapshot, 'rulesets'>,
): Chain | undefined {
  const tables = rulesets.filter(ruleset => ruleset.family === family).flatMap(ruleset => ruleset.tables)
  return tables.find(one => one.name === table)?.chains.find(chain => chain.name === name)
}
