/** The address family: `inet` is iptables, `inet6` is ip6tables. */
export type Family = 'inet' | 'inet6'

/** What iptables acts through: the nf_tables subsystem, or the tables of its own. The rules of both apply. */
export type Backend = 'nft' | 'legacy'

export interface Counters {
  packets: number
  bytes: number
}

/**
 * One option of a rule, in its canonical spelling: `--dport` for `--destination-port`, `0x1` for `1`, `192.168.88.0/24` for
 * `192.168.88.5/24`. An option that says nothing (`-s 0.0.0.0/0`, a module's own default) is left out of the model.
 */
export interface Option {
  /** With its dashes. */
  name: string
  /** true: `!` stands before it. */
  negated: boolean
  values: string[]
}

/** One loaded match module (`-m`) and its options; a rule may load the same one twice. */
export interface Match {
  module: string
  options: Option[]
}

export interface Target {
  /** A chain, or a target such as ACCEPT or MASQUERADE. */
  name: string
  /** `-j` or `-g`: a `goto` returns to where the calling chain would have. */
  how: 'jump' | 'goto'
  options: Option[]
}

/** What a rule says and where it belongs; options and matches stand in the order in which they were written. */
export interface RuleSpecification {
  family: Family
  table: string
  chain: string
  /** The options that need no module: `-s -d -i -o -p -f`. */
  parameters: Option[]
  matches: Match[]
  /** A rule without one only counts. */
  target?: Target
}

/** A rule that is in the kernel. */
export interface Rule extends RuleSpecification {
  /** From 1, as `iptables -I` counts. */
  position: number
  counters: Counters
}

export interface Chain {
  name: string
  /** What happens to a packet that no rule decided; only builtin chains have one. */
  policy?: string
  /** Of the policy; zeros in a user chain. */
  counters: Counters
  rules: Rule[]
}

export interface Table {
  name: string
  chains: Chain[]
}

/** All that one `iptables-save -c` told, in its order. */
export interface Ruleset {
  family: Family
  backend?: Backend
  /** Of iptables, e.g. `1.8.11`. */
  version?: string
  tables: Table[]
  /** What the tool warned of: tables of the other backend, tables that it cannot read. */
  warnings: string[]
}
