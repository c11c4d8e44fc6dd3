import { expect } from 'chai'
import { meaning } from '../../../harness/iptables/compare.ts'
import { parseRuleset } from '../../../harness/iptables/parse.ts'
import { printRule, printRuleset } from '../../../harness/iptables/print.ts'
import { parseRule } from '../../../harness/iptables/rule.ts'
import { recordedSaves } from './recorded.ts'

describe('a printed rule', () => {
  for (const { name, text, family } of recordedSaves()) {
    it(`is the same rule when read again, by people's and by the tool's syntax: ${name}`, () => {
      const ruleset = parseRuleset(text, family)
      const again = parseRuleset(printRuleset(ruleset), family)
      expect(again.tables).to.deep.equal(ruleset.tables)
      for (const rule of ruleset.tables.flatMap(table => table.chains.flatMap(chain => chain.rules))) {
        expect(meaning(parseRule(printRule(rule), family))).to.equal(meaning(rule))
      }
    })
  }

  it('looks as one would type it', () => {
    const typed = '-t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80'
    expect(printRule(parseRule(typed))).to.equal(typed)
    expect(printRule(parseRule('-A INPUT -j LOG --log-prefix "a \\"b\\""'))).to.equal(
      '-A INPUT -j LOG --log-prefix "a \\"b\\""',
    )
    expect(printRule(parseRule('-A FORWARD -p tcp -o br01 -i eth0 -s 10.0.0.1 -j DROP'))).to.equal(
      '-A FORWARD -s 10.0.0.1/32 -i eth0 -o br01 -p tcp -j DROP',
    )
    // Nothing is both, but only so is it a rule that the tool takes.
    const both = '-A INPUT -p tcp -m tcp --dport 80 -m tcp --dport 81 -j DROP'
    expect(printRule(parseRule(both))).to.equal(both)
    expect(printRule(parseRule('-A INPUT -g WEB'))).to.equal('-A INPUT -g WEB')
    expect(printRule(parseRule('-A INPUT'))).to.equal('-A INPUT')
  })
})
