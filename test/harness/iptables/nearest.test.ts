import { expect } from 'chai'
import { differences } from '../../../harness/iptables/difference.ts'
import { nearestRule, whyAbsent } from '../../../harness/iptables/nearest.ts'
import { parseRuleset } from '../../../harness/iptables/parse.ts'
import { parseRule } from '../../../harness/iptables/rule.ts'
import { recorded } from './recorded.ts'

const engine = parseRuleset(recorded('trixie/engine/published.inet.nft.save'))

describe('what differs between two rules', () => {
  const cases: [seen: string, asked: string, differences: string[]][] = [
    ['-A FORWARD -o eth1 -j DROP', '-A FORWARD -o eth0 -j DROP', [`-o: 'eth1' instead of 'eth0'`]],
    ['-A FORWARD ! -o eth0 -j DROP', '-A FORWARD -o eth0 -j DROP', [`-o: ! 'eth0' instead of 'eth0'`]],
    ['-A FORWARD -j DROP', '-A FORWARD -o eth0 -j DROP', [`-o: missing, instead of 'eth0'`]],
    ['-A FORWARD -o eth0 -j DROP', '-A FORWARD -j DROP', [`-o: 'eth0', not asked for`]],
    ['-A FORWARD -j DROP', '-A FORWARD -j ACCEPT', ['target: -j DROP instead of -j ACCEPT']],
    ['-A FORWARD -j WEB', '-A FORWARD -g WEB', ['target: -j WEB instead of -g WEB']],
    ['-A INPUT -j DROP', '-A FORWARD -j DROP', ['chain: INPUT instead of FORWARD']],
    [
      '-A FORWARD -p tcp --dport 81 -j DROP',
      '-A FORWARD -p tcp --dport 80 -j DROP',
      [`-m tcp --dport: '81' instead of '80'`],
    ],
    [
      '-t nat -A PREROUTING -j DNAT --to 10.0.0.1',
      '-t nat -A PREROUTING -j DNAT --to 10.0.0.2',
      [`DNAT --to-destination: '10.0.0.1' instead of '10.0.0.2'`],
    ],
    ['-A FORWARD -s 10.0.0.0/24 -j DROP', '-A FORWARD -s 10.0.0.7/24 -j DROP', []],
    [
      '-A INPUT -m set --match-set a src -m set --match-set b dst --return-nomatch',
      '-A INPUT -m set --match-set a src --return-nomatch -m set --match-set b dst',
      ['which options stand in the same module'],
    ],
  ]
  for (const [seen, asked, expected] of cases) {
    it(`${seen} | ${asked}`, () => expect(differences(parseRule(seen), parseRule(asked))).to.deep.equal(expected))
  }
})

describe('why a rule is absent', () => {
  it('is the nearest rule of its chain, and what differs', () => {
    const asked = parseRule('-A FORWARD -i docker0 ! -o docker0 -j DROP')
    expect(nearestRule(engine, asked)?.rule.position).to.equal(10)
    expect(whyAbsent(engine, asked)).to.equal(
      'nearest: rule 10: -A FORWARD -i docker0 ! -o docker0 -j ACCEPT differs in target: -j ACCEPT instead of -j DROP',
    )
  })

  it('is the chain or the table that the same rule is in', () => {
    expect(whyAbsent(engine, parseRule('-A INPUT -i docker0 ! -o docker0 -j ACCEPT'))).to.equal(
      'the same rule is in chain FORWARD of table filter, as rule 10',
    )
  })

  it('is an empty chain, or none', () => {
    expect(whyAbsent(engine, parseRule('-A INPUT -j DROP'))).to.equal('chain INPUT of table filter has no rules')
    expect(whyAbsent(engine, parseRule('-t mangle -A FORWARD -j TTL --ttl-set 9'))).to.equal(
      'table mangle has no chain FORWARD',
    )
    expect(nearestRule(engine, parseRule('-t mangle -A FORWARD -j TTL --ttl-set 9'))).to.equal(undefined)
  })

  it('may be the other backend, which the tool warns of', () => {
    const text = recorded('trixie/iptables/both.inet.nft.stderr') + recorded('trixie/iptables/both.inet.nft.save')
    expect(whyAbsent(parseRuleset(text), parseRule('-A FORWARD -i br01 -j DROP'))).to.match(
      /no rules \(iptables-save warned: iptables-legacy tables present/,
    )
  })
})
