import type { Backend, Family, Ruleset } from '../iptables/model.ts'
import { parseRuleset } from '../iptables/parse.ts'
import { RuleError } from '../iptables/rule-error.ts'
import { LookError, type Probe } from './probe.ts'

export interface RulesAsked {
  /** Only this table: 'filter', 'nat', 'mangle', 'raw', 'security'. Without it all that exist. */
  table?: string
  family?: Family
  /** The rules of this backend; without it, of the one that `iptables` is on the machine. */
  backend?: Backend
}

/**
 * The iptables rules of a netns with their counters, and through which backend they were read. A table that nobody ever used is
 * not there. `warnings` tells when the other backend has rules too, which apply as well.
 */
export function iptables({ table, family = 'inet', backend }: RulesAsked = {}): Probe<Ruleset> {
  const program = `${family === 'inet' ? 'iptables' : 'ip6tables'}${backend === undefined ? '' : `-${backend}`}`
  const title = [program, table, 'rules'].filter(Boolean).join(' ')
  return {
    title,
    // All tables, always: asked for one by name, iptables-legacy would make it if it isn't there.
    script: `${program} --version && ${program}-save -c`,
    parse({ exitCode, stdout, stderr }) {
      if (exitCode !== 0)
        throw new LookError(`${title}: exit code ${exitCode}: ${stderr.trim() || 'nothing on stderr'}`)
      const end = stdout.indexOf('\n')
      try {
        // The tool's warnings are comments, most of them on stderr.
        const comments = stderr.split('\n').filter(line => line.startsWith('#'))
        const ruleset = parseRuleset([...comments, stdout.slice(end + 1)].join('\n'), family)
        const tables = ruleset.tables.filter(({ name }) => table === undefined || name === table)
        return { ...ruleset, ...versionOf(stdout.slice(0, end)), tables }
      } catch (cause) {
        if (!(cause instanceof RuleError)) throw cause
        throw new LookError(`${title}: ${cause.message}`, { cause })
      }
    },
  }
}

/** `iptables v1.8.11 (nf_tables)`: where there are no rules, iptables-save prints no heading that would say so. */
function versionOf(line: string): { version: string; backend: Backend } {
  const [, version] = /^ip6?tables v(\S+)/.exec(line) ?? []
  if (version === undefined) throw new RuleError(`not a version of iptables: ${line}`)
  return { version, backend: line.includes('(nf_tables)') ? 'nft' : 'legacy' }
}
