import { expect } from 'chai'
import { meaning, sameRule } from '../../../harness/iptables/compare.ts'
import type { Option, Rule, RuleSpecification } from '../../../harness/iptables/model.ts'
import { parseRuleset } from '../../../harness/iptables/parse.ts'
import { parseRule } from '../../../harness/iptables/rule.ts'
import { recordedSaves, recordedTranscripts } from './recorded.ts'

// Rules that the tool saves differently and that mean the same all the same, each pair with why.
const alike: [string, string, string][] = [
  ['-A INPUT -p tcp -j ACCEPT', '-A INPUT -p tcp -m tcp -j ACCEPT', 'a module without options'],
  ['-A INPUT -p icmp -j ACCEPT', '-A INPUT -p icmp -m icmp --icmp-type any -j ACCEPT', 'any type'],
  [
    '-A INPUT -p tcp -m multiport --dports 80,443,1000:2000 -j ACCEPT',
    '-A INPUT -p tcp -m multiport --dports 443,1000:2000,80 -j ACCEPT',
    'a list without order',
  ],
  [
    '-A FORWARD -m conntrack --ctproto 6 --ctorigsrc 10.1.1.1/8 --ctorigdstport 80:90 --ctstatus ASSURED,CONFIRMED -j ACCEPT',
    '-A FORWARD -m conntrack --ctproto 6 --ctorigsrc 10.0.0.0/8 --ctorigdstport 80:90 --ctstatus ASSURED,CONFIRMED -j ACCEPT',
    'host bits',
  ],
  [
    '-A FORWARD -m mark --mark 0x1 -m connmark --mark 0x2 -j ACCEPT',
    '-A FORWARD -m connmark --mark 0x2 -m mark --mark 0x1 -j ACCEPT',
    'the order of matches',
  ],
  [
    '-A FORWARD -m comment --comment one -m comment --comment two -j ACCEPT',
    '-A FORWARD -m comment --comment two -m comment --comment one -j ACCEPT',
    'the order of matches',
  ],
]

describe('two rules mean the same', () => {
  for (const { name, family, rules } of recordedTranscripts()) {
    it(`when the tool made one of the other: ${name}`, () => {
      expect(rules.length).to.be.greaterThan(30)
      for (const { typed, saved } of rules) {
        const asked = parseRule(typed, family)
        expect(meaning(readSaved(saved, asked)), typed).to.equal(meaning(asked))
      }
    })

    it(`exactly when the tool saves them alike: ${name}`, () => {
      const normal = (saved: string) => alike.reduce((text, [a, b]) => (text === b ? a : text), saved)
      const read = rules.map(({ typed, saved }) => ({ rule: parseRule(typed, family), saved: normal(saved) }))
      for (const a of read) {
        for (const b of read) {
          const same = a.saved === b.saved && a.rule.table === b.rule.table
          if (sameRule(a.rule, b.rule) !== same)
            expect.fail(`${a.saved} and ${b.saved} ${same ? 'differ' : 'are the same'}`)
        }
      }
    })
  }

  for (const [a, b, why] of alike) {
    it(`in spite of ${why}: ${b}`, () => expect(sameRule(parseRule(a), parseRule(b))).to.equal(true))
  }
})

describe('two rules differ', () => {
  const different: [string, string][] = [
    ['-A INPUT -j DROP', '-A FORWARD -j DROP'],
    ['-A OUTPUT -j DROP', '-t mangle -A OUTPUT -j DROP'],
    ['-A INPUT -j DROP', 'ip6tables -A INPUT -j DROP'],
    ['-A INPUT -j WEB', '-A INPUT -g WEB'],
    ['-A INPUT -j DROP', '-A INPUT'],
    ['-A INPUT -i eth0 -j DROP', '-A INPUT ! -i eth0 -j DROP'],
    ['-A FORWARD -i eth0 -j DROP', '-A FORWARD -o eth0 -j DROP'],
    ['-A FORWARD -i eth0 -j DROP', '-A FORWARD -i eth+ -j DROP'],
    ['-A INPUT -s 10.0.0.0/24 -j DROP', '-A INPUT -s 10.0.0.0/25 -j DROP'],
    ['-A INPUT -s 10.0.0.0/24 -j DROP', '-A INPUT -d 10.0.0.0/24 -j DROP'],
    ['-A INPUT -p tcp --dport 80 -j DROP', '-A INPUT -p udp --dport 80 -j DROP'],
    ['-A INPUT -p tcp --dport 80 -j DROP', '-A INPUT -p tcp --sport 80 -j DROP'],
    ['-A INPUT -p tcp --dport 80 -j DROP', '-A INPUT -p tcp -m multiport --dports 80 -j DROP'],
    // The same to the kernel, which remembers which of the two was typed, and iptables-save prints it.
    ['-A INPUT -m state --state NEW -j DROP', '-A INPUT -m conntrack --ctstate NEW -j DROP'],
    ['-A INPUT -m mark --mark 1 -j DROP', '-A INPUT -m connmark --mark 1 -j DROP'],
    ['-A INPUT -p icmp -j DROP', '-A INPUT -p icmp ! --icmp-type any -j DROP'],
    ['-A INPUT -m limit --limit 130/hour', '-A INPUT -m limit --limit 120/hour'],
    [
      '-A INPUT -m statistic --mode random --probability 0.33',
      '-A INPUT -m statistic --mode random --probability 0.3301',
    ],
    ['-A INPUT -j REJECT', '-A INPUT -j REJECT --reject-with icmp-host-unreachable'],
    [
      '-A INPUT -m set --match-set a src -m set --match-set b dst -j DROP',
      '-A INPUT -m set --match-set b src -m set --match-set a dst -j DROP',
    ],
    [
      '-A INPUT -m policy --dir in --pol ipsec --strict --proto esp --next --proto ah',
      '-A INPUT -m policy --dir in --pol ipsec --strict --proto ah --next --proto esp',
    ],
  ]
  for (const [a, b] of different) {
    it(`${a} | ${b}`, () => expect(sameRule(parseRule(a), parseRule(b))).to.equal(false))
  }

  it('when any one thing of any recorded rule is changed', () => {
    for (const { name, text, family } of recordedSaves()) {
      const rules = parseRuleset(text, family).tables.flatMap(table => table.chains.flatMap(chain => chain.rules))
      for (const rule of rules) {
        const mutants = mutantsOf(rule)
        expect(mutants.length).to.be.greaterThan(3)
        for (const mutant of mutants) {
          if (sameRule(rule, mutant))
            expect.fail(`${name}: ${JSON.stringify(rule)} is the same as ${JSON.stringify(mutant)}`)
        }
      }
    }
  })
})

function readSaved(line: string, { family, table, chain }: RuleSpecification): Rule {
  const [rule] = parseRuleset(`*${table}\n:${chain} -\n${line}\nCOMMIT\n`, family).tables[0]?.chains[0]?.rules ?? []
  if (!rule) throw new Error(`no rule in ${line}`)
  return rule
}

/** Every rule that differs from this one in one thing. */
function mutantsOf(rule: Rule): RuleSpecification[] {
  const { target } = rule
  const without: RuleSpecification = { ...rule }
  delete without.target
  return [
    { ...rule, family: rule.family === 'inet' ? 'inet6' : 'inet' },
    { ...rule, table: `${rule.table}x` },
    { ...rule, chain: `${rule.chain}x` },
    ...optionMutants(rule.parameters).map(parameters => ({ ...rule, parameters })),
    ...rule.matches.flatMap((match, index) => [
      { ...rule, matches: rule.matches.toSpliced(index, 1) },
      { ...rule, matches: rule.matches.with(index, { ...match, module: `${match.module}x` }) },
      ...optionMutants(match.options).map(options => ({
        ...rule,
        matches: rule.matches.with(index, { ...match, options }),
      })),
    ]),
    ...(target
      ? [
          without,
          { ...rule, target: { ...target, name: `${target.name}x` } },
          { ...rule, target: { ...target, how: target.how === 'jump' ? ('goto' as const) : ('jump' as const) } },
          ...optionMutants(target.options).map(options => ({ ...rule, target: { ...target, options } })),
        ]
      : [{ ...rule, target: { name: 'DROP', how: 'jump' as const, options: [] } }]),
  ]
}

function optionMutants(options: Option[]): Option[][] {
  const more = { name: '--more', negated: false, values: [] }
  return [
    [...options, more],
    ...options.flatMap((option, index) => [
      options.toSpliced(index, 1),
      options.with(index, { ...option, negated: !option.negated }),
      options.with(index, { ...option, name: `${option.name}x` }),
      ...option.values.map((value, at) =>
        options.with(index, { ...option, values: option.values.with(at, `${value}1`) }),
      ),
    ]),
  ]
}
