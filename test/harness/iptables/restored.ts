import { expect } from 'chai'
import { meaning } from '../../../harness/iptables/compare.ts'
import type { Ruleset } from '../../../harness/iptables/model.ts'
import { parseRuleset } from '../../../harness/iptables/parse.ts'
import { printRuleset } from '../../../harness/iptables/print.ts'
import { iptables } from '../../../harness/looks/iptables.ts'
import type { Machine } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import type { Suite } from '../../../vm/suite.ts'
import { recordedSaves } from './recorded.ts'

/** What holds of printed rules, restored by the suite's own programs. */
export function describeRestoring(suite: Suite): void {
  describe(`printed rules are what the iptables of ${suite} makes of them`, () => {
    let machine: Machine

    before(async function () {
      this.timeout(0) // An image may have to be built.
      if (process.getuid?.() !== 0) this.skip() // The sandbox needs root.
      const signal = new AbortController().signal
      machine = await sandbox.start({ label: 'test', suite, engine: false, keep: false, report: console.log, signal })
    })
    after(() => machine?.[Symbol.asyncDispose]())

    for (const { name, family, backend, text } of recordedSaves().filter(one => one.suite === suite)) {
      it(name, async () => {
        const printed = withoutSets(parseRuleset(text, family))
        const look = iptables({ family, backend })
        const program = `${family === 'inet' ? 'iptables' : 'ip6tables'}-${backend}`
        // A netns of its own for each, so that nothing of another is left.
        const script = `unshare --net sh -c '${program}-restore -c && ${look.script}'`
        const restored = look.parse(await machine.exec(script, { input: printRuleset(printed) }))
        expect(restored.backend).to.equal(backend)
        // ip6tables-nft-restore 1.8.9 takes the counters of policies, and not those of rules.
        const counted = !(suite === 'bookworm' && family === 'inet6' && backend === 'nft')
        expect(meanings(restored, counted)).to.deep.equal(meanings(printed, counted))
      })
    }
  })
}

// No image can make the set that they name.
function withoutSets(ruleset: Ruleset): Ruleset {
  const tables = ruleset.tables.map(table => ({
    ...table,
    chains: table.chains.map(chain => ({
      ...chain,
      rules: chain.rules.filter(({ matches }) => !matches.some(({ module }) => module === 'set')),
    })),
  }))
  return { ...ruleset, tables }
}

/** Everything that restoring must keep; the order of tables is the tool's own. */
function meanings({ tables }: Ruleset, counted: boolean): unknown {
  const all = tables.map(({ name, chains }) => ({
    name,
    chains: chains.map(chain => ({
      ...chain,
      rules: chain.rules.map(rule => [meaning(rule), ...(counted ? [rule.counters] : [])]),
    })),
  }))
  return Object.fromEntries(all.map(({ name, chains }) => [name, chains]))
}
