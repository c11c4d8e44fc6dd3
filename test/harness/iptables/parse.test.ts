import { expect } from 'chai'
import { chainOf, findRule } from '../../../harness/iptables/find.ts'
import { parseRuleset } from '../../../harness/iptables/parse.ts'
import { parseRule } from '../../../harness/iptables/rule.ts'
import { RuleError } from '../../../harness/iptables/rule-error.ts'
import { recorded, recordedSaves } from './recorded.ts'

const versions = { bookworm: '1.8.9', trixie: '1.8.11', forky: '1.8.13' }

describe('what iptables-save prints', () => {
  for (const { name, text, suite, family, backend } of recordedSaves()) {
    it(`is read: ${name}`, () => {
      const ruleset = parseRuleset(text)
      const lines = text.split('\n').filter(line => line.includes('-A '))
      const rules = ruleset.tables.flatMap(table => table.chains.flatMap(chain => chain.rules))
      expect(rules.length).to.equal(lines.length)
      // An ip6tables that nobody used prints nothing at all.
      if (text === '') return
      expect(ruleset).to.include({ family, backend, version: versions[suite] })
    })
  }

  it('tells policies, user chains and counters', () => {
    const text = recorded('trixie/iptables/everything.inet.nft.save')
    const ruleset = parseRuleset(text)
    expect(chainOf(ruleset, 'filter', 'FORWARD')).to.include({ name: 'FORWARD', policy: 'DROP' })
    expect(chainOf(ruleset, 'nat', 'OUTPUT')).to.deep.include({
      policy: 'ACCEPT',
      counters: { packets: 3, bytes: 252 },
    })
    expect(chainOf(ruleset, 'filter', 'WEB')).to.deep.equal({
      name: 'WEB',
      counters: { packets: 0, bytes: 0 },
      rules: [],
    })
    const [counted] = findRule(ruleset, parseRule('-t nat -A POSTROUTING -j MASQUERADE --random'))
    expect(counted?.counters).to.deep.equal({ packets: 3, bytes: 252 })
    expect(chainOf(ruleset, 'filter', 'NONESUCH')).to.equal(undefined)
    expect(chainOf(ruleset, 'nonesuch', 'INPUT')).to.equal(undefined)
  })

  it('counts positions from 1 in each chain', () => {
    const ruleset = parseRuleset(recorded('bookworm/engine/published.inet.nft.save'))
    const rules = chainOf(ruleset, 'filter', 'FORWARD')?.rules ?? []
    expect(rules.map(({ position }) => position)).to.deep.equal(rules.map((_, index) => index + 1))
    expect(rules[0]?.target?.name).to.equal('DOCKER-USER')
  })

  it('tells a published port as the engine made it', () => {
    for (const backend of ['nft', 'legacy']) {
      const ruleset = parseRuleset(recorded(`trixie/engine/published.inet.${backend}.save`))
      const [dnat] = findRule(
        ruleset,
        parseRule('-t nat -A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80'),
      )
      expect(dnat).to.deep.include({
        parameters: [
          { name: '-i', negated: true, values: ['docker0'] },
          { name: '-p', negated: false, values: ['tcp'] },
        ],
        matches: [{ module: 'tcp', options: [{ name: '--dport', negated: false, values: ['8080'] }] }],
        target: {
          name: 'DNAT',
          how: 'jump',
          options: [{ name: '--to-destination', negated: false, values: ['172.17.0.2:80'] }],
        },
      })
    }
  })

  it('tells what icc=false changes: one rule', () => {
    for (const suite of ['bookworm', 'trixie'] as const) {
      const published = parseRuleset(recorded(`${suite}/engine/published.inet.nft.save`))
      const isolated = parseRuleset(recorded(`${suite}/engine/isolated.inet.nft.save`))
      const accept = parseRule('-A FORWARD -i docker0 -o docker0 -j ACCEPT')
      const drop = parseRule('-A FORWARD -i docker0 -o docker0 -j DROP')
      expect([published, isolated].map(one => findRule(one, accept).length)).to.deep.equal([1, 0])
      expect([published, isolated].map(one => findRule(one, drop).length)).to.deep.equal([0, 1])
    }
  })

  it('keeps warnings, wherever they stand', () => {
    const text = recorded('trixie/iptables/both.inet.nft.stderr') + recorded('trixie/iptables/both.inet.nft.save')
    expect(parseRuleset(text).warnings).to.deep.equal([
      'iptables-legacy tables present, use iptables-legacy-save to see them',
    ])
  })

  it('is read without counters too', () => {
    const ruleset = parseRuleset('*filter\n:INPUT ACCEPT [5:60]\n-A INPUT -j DROP\nCOMMIT\n')
    expect(chainOf(ruleset, 'filter', 'INPUT')).to.deep.include({ counters: { packets: 5, bytes: 60 } })
    expect(chainOf(ruleset, 'filter', 'INPUT')?.rules[0]).to.deep.include({ counters: { packets: 0, bytes: 0 } })
  })

  it('keeps the options of a module that nobody here knows, by name and values', () => {
    const line = '-A INPUT -m frobnicate --speed 5 fast ! --colour "deep red" --loud -j SPIN --times 3'
    const [rule] = parseRuleset(`*filter\n:INPUT ACCEPT\n${line}\nCOMMIT`).tables[0]?.chains[0]?.rules ?? []
    expect(rule?.matches).to.deep.equal([
      {
        module: 'frobnicate',
        options: [
          { name: '--speed', negated: false, values: ['5', 'fast'] },
          { name: '--colour', negated: true, values: ['deep red'] },
          { name: '--loud', negated: false, values: [] },
        ],
      },
    ])
    expect(rule?.target).to.deep.equal({
      name: 'SPIN',
      how: 'jump',
      options: [{ name: '--times', negated: false, values: ['3'] }],
    })
  })

  it('keeps an option that a known module has got since', () => {
    const text = '*filter\n:INPUT ACCEPT\n-A INPUT -p tcp -m tcp --dport 80 --brand-new 7 -j DROP\nCOMMIT'
    const [rule] = parseRuleset(text).tables[0]?.chains[0]?.rules ?? []
    expect(rule?.matches[0]?.options.map(({ name }) => name)).to.deep.equal(['--dport', '--brand-new'])
  })

  it('is an error, with its line, when it is something else', () => {
    expect(() => parseRuleset('*filter\n:INPUT ACCEPT\nhello')).to.throw(RuleError, 'line 3, hello: is not a rule')
    expect(() => parseRuleset('-A INPUT -j DROP')).to.throw(RuleError, 'before any table')
    expect(() => parseRuleset('*filter\n-A NONE -j DROP')).to.throw(RuleError, 'there is no chain NONE in table filter')
    expect(() => parseRuleset('*filter\n:INPUT ACCEPT\n-A INPUT -s 1.2.3 -j DROP')).to.throw(RuleError, '1.2.3')
  })
})
