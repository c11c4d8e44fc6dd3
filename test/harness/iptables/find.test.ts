import { expect } from 'chai'
import { counted, findRule, isBefore } from '../../../harness/iptables/find.ts'
import type { Ruleset } from '../../../harness/iptables/model.ts'
import { parseRuleset } from '../../../harness/iptables/parse.ts'
import { parseRule } from '../../../harness/iptables/rule.ts'
import { recorded } from './recorded.ts'

const engine = parseRuleset(recorded('trixie/engine/published.inet.nft.save'))
const user = parseRule('-A FORWARD -j DOCKER-USER')
const isolation = parseRule('-A FORWARD -j DOCKER-ISOLATION-STAGE-1')

describe('a rule in a ruleset', () => {
  it('is found with its position and counters', () => {
    expect(findRule(engine, isolation)).to.have.lengthOf(1)
    expect(findRule(engine, isolation)[0]).to.deep.include({ position: 2, counters: { packets: 0, bytes: 0 } })
  })

  it('is found as often as it is there', () => {
    const twice = filter('-A INPUT -s 10.0.0.5/24 -j DROP', '-A INPUT -j LOG', '-A INPUT -s 10.0.0.0/24 -j DROP')
    const positions = findRule(twice, parseRule('-A INPUT -s 10.0.0.0/24 -j DROP')).map(({ position }) => position)
    expect(positions).to.deep.equal([1, 3])
  })

  it('is not found in another table, chain or family', () => {
    const accept = parseRule('-A FORWARD -i shop0 -o shop0 -j ACCEPT')
    expect(findRule(engine, accept)).to.have.lengthOf(1)
    expect(findRule(engine, { ...accept, chain: 'DOCKER' })).to.deep.equal([])
    expect(findRule(engine, { ...accept, table: 'nat' })).to.deep.equal([])
    expect(findRule(engine, { ...accept, family: 'inet6' })).to.deep.equal([])
  })
})

describe('one rule is before another', () => {
  it('as a packet meets them', () => {
    expect(isBefore(engine, user, isolation)).to.equal(true)
    expect(isBefore(engine, isolation, user)).to.equal(false)
    expect(isBefore(engine, user, user)).to.equal(false)
  })

  it('never when either is absent, or in another chain', () => {
    const absent = parseRule('-A FORWARD -i nonesuch0 -j DROP')
    expect(isBefore(engine, absent, user)).to.equal(false)
    expect(isBefore(engine, user, absent)).to.equal(false)
    expect(isBefore(engine, user, parseRule('-A DOCKER-ISOLATION-STAGE-2 -j RETURN'))).to.equal(false)
  })

  it('the first of each counting where they are there more than once', () => {
    const rules = filter('-A INPUT -j A', '-A INPUT -j B', '-A INPUT -j A')
    const [a, b] = [parseRule('-A INPUT -j A'), parseRule('-A INPUT -j B')]
    expect([isBefore(rules, a, b), isBefore(rules, b, a)]).to.deep.equal([true, false])
  })
})

describe('what a rule counted between two looks', () => {
  const drop = parseRule('-A INPUT -j DROP')

  it('is the difference, of all its occurrences', () => {
    const before = filter('[3:252] -A INPUT -j DROP')
    const after = filter('[5:420] -A INPUT -j DROP', '[1:84] -A INPUT -j DROP')
    expect(counted(before, after, drop)).to.deep.equal({ packets: 3, bytes: 252 })
  })

  it('is negative when it began anew', () => {
    expect(counted(filter('[3:252] -A INPUT -j DROP'), filter('-A INPUT -j DROP'), drop)).to.deep.equal({
      packets: -3,
      bytes: -252,
    })
  })

  it('is unknown when it was absent at either', () => {
    expect(counted(filter(), filter('-A INPUT -j DROP'), drop)).to.equal(undefined)
    expect(counted(filter('-A INPUT -j DROP'), filter(), drop)).to.equal(undefined)
  })
})

function filter(...rules: string[]): Ruleset {
  return parseRuleset(['*filter', ':INPUT ACCEPT [0:0]', ...rules, 'COMMIT'].join('\n'), 'inet')
}
