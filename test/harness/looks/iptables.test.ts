import { expect } from 'chai'
import { findRule } from '../../../harness/iptables/find.ts'
import { parseRule } from '../../../harness/iptables/rule.ts'
import { iptables } from '../../../harness/looks/iptables.ts'
import { LookError } from '../../../harness/looks/probe.ts'
import { suites } from '../../../vm/suite.ts'
import { recorded } from '../iptables/recorded.ts'

const finished = (stdout: string, more: { stderr?: string; exitCode?: number } = {}) => ({
  exitCode: 0,
  signal: null,
  stdout,
  stderr: '',
  ...more,
})
const nft = 'iptables v1.8.11 (nf_tables)\n'
const legacy = 'iptables v1.8.11 (legacy)\n'

describe('the look for iptables rules', () => {
  for (const suite of suites) {
    it(`tells all tables of ${suite}, or one`, () => {
      const output = finished(nft + recorded(`${suite}/iptables/everything.inet.nft.save`))
      const names = (table?: string) =>
        iptables(table === undefined ? {} : { table })
          .parse(output)
          .tables.map(({ name }) => name)
      expect(names()).to.have.members(['filter', 'nat', 'mangle', 'raw', 'security'])
      expect(names('nat')).to.deep.equal(['nat'])
      expect(names('nonesuch')).to.deep.equal([])
    })
  }

  it('tells the backend and the version where there are no rules', () => {
    expect(iptables().parse(finished(legacy))).to.deep.equal({
      family: 'inet',
      tables: [],
      warnings: [],
      version: '1.8.11',
      backend: 'legacy',
    })
    const none = finished(nft.replace('ip', 'ip6') + recorded('trixie/engine/published.inet6.nft.save'))
    expect(iptables({ family: 'inet6' }).parse(none)).to.include({ family: 'inet6', backend: 'nft' })
  })

  it('tells rules of IPv6', () => {
    const seen = iptables({ family: 'inet6', table: 'nat' }).parse(
      finished(nft + recorded('forky/iptables/everything.inet6.nft.save')),
    )
    const typed = 'ip6tables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to [2001:db8::2]:80'
    expect(findRule(seen, parseRule(typed)).map(({ position }) => position)).to.deep.equal([1, 2])
  })

  it('tells of rules of the other backend, which apply as well', () => {
    const output = finished(nft + recorded('trixie/iptables/both.inet.nft.save'), {
      stderr: recorded('trixie/iptables/both.inet.nft.stderr'),
    })
    expect(iptables().parse(output).warnings).to.deep.equal([
      'iptables-legacy tables present, use iptables-legacy-save to see them',
    ])
  })

  it('asks the tool that was asked for', () => {
    expect(iptables({ table: 'nat' })).to.include({
      title: 'iptables nat rules',
      script: 'iptables --version && iptables-save -c',
    })
    expect(iptables({ family: 'inet6', backend: 'legacy' }).script).to.equal(
      'ip6tables-legacy --version && ip6tables-legacy-save -c',
    )
  })

  it('is an error when the tool fails, or prints something else', () => {
    const failed = finished('', { exitCode: 127, stderr: 'sh: 1: iptables: not found\n' })
    expect(() => iptables().parse(failed)).to.throw(LookError, 'exit code 127: sh: 1: iptables: not found')
    expect(() => iptables().parse(finished('hello\n'))).to.throw(LookError, 'hello')
    expect(() => iptables().parse(finished(`${nft}*filter\nhello`))).to.throw(LookError, 'line 2, hello')
  })
})
