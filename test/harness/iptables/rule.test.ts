import { expect } from 'chai'
import { sameRule } from '../../../harness/iptables/compare.ts'
import { parseRule } from '../../../harness/iptables/rule.ts'
import { RuleError } from '../../../harness/iptables/rule-error.ts'

describe('a rule as typed', () => {
  it('says where it belongs: table filter unless -t names another', () => {
    expect(parseRule('-A FORWARD -j DROP')).to.include({ family: 'inet', table: 'filter', chain: 'FORWARD' })
    expect(parseRule('-A POSTROUTING -t nat -j MASQUERADE')).to.include({ table: 'nat', chain: 'POSTROUTING' })
    expect(parseRule('iptables --table nat --append POSTROUTING --jump MASQUERADE')).to.include({ table: 'nat' })
  })

  it('may have the program in front, which tells the family', () => {
    const rule = '-A FORWARD -j DROP'
    for (const program of ['iptables', '/usr/sbin/iptables', 'iptables-nft', 'iptables-legacy']) {
      expect(parseRule(`${program} ${rule}`, 'inet6')).to.deep.equal(parseRule(rule))
    }
    expect(parseRule(`ip6tables ${rule}`)).to.deep.equal(parseRule(rule, 'inet6'))
    expect(parseRule(rule, 'inet6').family).to.equal('inet6')
  })

  it('may be inserted, at a position', () => {
    expect(parseRule('-A FORWARD -j DROP')).not.to.have.property('position')
    expect(parseRule('-I FORWARD -j DROP').position).to.equal(1)
    expect(parseRule('-I FORWARD 3 -j DROP').position).to.equal(3)
    expect(parseRule('--insert FORWARD 3 -j DROP').position).to.equal(3)
  })

  it('may be checked or deleted', () => {
    const rule = parseRule('-A FORWARD -i br01 -j DROP')
    expect(parseRule('-C FORWARD -i br01 -j DROP')).to.deep.equal(rule)
    expect(parseRule('-D FORWARD -i br01 -j DROP')).to.deep.equal(rule)
  })

  it('takes words as values that are the names of things in JavaScript', () => {
    const rule = parseRule('-A constructor -m comment --comment toString -j __proto__')
    expect(rule).to.deep.include({ chain: 'constructor' })
    expect(rule.matches[0]?.options[0]?.values).to.deep.equal(['toString'])
    expect(rule.target?.name).to.equal('__proto__')
    expect(() => parseRule('-A INPUT -p constructor -j DROP')).to.throw(RuleError)
    expect(() => parseRule('-A INPUT -p tcp --dport constructor -j DROP')).to.throw(RuleError)
    expect(() => parseRule('-A INPUT -j REJECT --reject-with constructor')).to.throw(RuleError)
  })

  it('takes an option by its whole name before one that only begins so', () => {
    expect(parseRule('-A INPUT -m addrtype --dst-type LOCAL --dst 10.0.0.1 -j DROP').parameters).to.deep.equal([
      { name: '-d', negated: false, values: ['10.0.0.1/32'] },
    ])
  })

  const wrong: Record<string, string> = {
    '-t nat -j MASQUERADE': 'no chain (begin with -A CHAIN)',
    '-A INPUT -D INPUT -j DROP': 'more than one of -A, -I, -C, -D',
    '-A': '-A needs a name',
    '-A INPUT -j': '-j needs a name',
    '-A INPUT -s': '-s needs 1 words',
    '-A INPUT -j DROP -j ACCEPT': 'one target, not DROP and ACCEPT',
    '-A INPUT --dport 80 -p tcp -j DROP': 'ports need -p tcp or -p udp before them',
    '-A INPUT -p tcp --dprt 80 -j DROP': 'unknown option --dprt',
    '-A INPUT -j REJECT --to-ports 5': 'unknown option --to-ports',
    '-A INPUT -s ! 10.0.0.1 -j DROP': 'write ! before the option',
    '-A INPUT -s 10.0.0.1,10.0.0.2 -j DROP': 'write them one by one',
    '-A INPUT -s 10.0.0.0/33 -j DROP': 'at most 32',
    '-A INPUT -s 2001:db8::1 -j DROP': 'not an IPv4 address',
    'ip6tables -A INPUT -s 10.0.0.1 -j DROP': 'not an IPv6 address',
    '-A INPUT -s example.org -j DROP': 'not an IPv4 address: example.org',
    '-A INPUT -p tcp --dport 70000 -j DROP': 'not a port: 70000',
    '-A INPUT -p tcp --dport nonesuch -j DROP': 'write its number',
    '-A INPUT -p 256 -j DROP': 'not a protocol: 256',
    '-A INPUT -p icmp --icmp-type nonesuch -j DROP': 'not an ICMP type',
    '-A INPUT -m mark --mark blue -j DROP': 'not a number: blue',
    '-A INPUT -m limit --limit often -j DROP': 'not a rate',
    '-A INPUT DROP': 'not an option: DROP',
  }
  for (const [text, message] of Object.entries(wrong)) {
    it(`is an error that says why: ${text}`, () => {
      expect(() => parseRule(text))
        .to.throw(RuleError)
        .with.property('message')
        .that.includes(message)
        .and.includes(`in the rule: ${text}`)
    })
  }

  it('may hold what only the tool knows, of modules that nobody here knows', () => {
    const rule = '-A INPUT -m frobnicate --speed 5 -j DROP'
    expect(sameRule(parseRule(rule), parseRule(rule))).to.equal(true)
    expect(sameRule(parseRule(rule), parseRule(rule.replace('5', '6')))).to.equal(false)
  })
})
