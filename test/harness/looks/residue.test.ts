import { expect } from 'chai'
import { LookError } from '../../../harness/looks/probe.ts'
import { residueDifference, residueProbe } from '../../../harness/looks/residue.ts'
import { type Suite, suites } from '../../../vm/suite.ts'
import { recording, seen } from './recorded.ts'

const state = (suite: Suite, name: string) => seen(suite, name, residueProbe())

describe('residue', () => {
  for (const suite of suites) {
    describe(`on ${suite}`, () => {
      it('is nothing when nothing changed', () => {
        expect(state(suite, 'residue-after')).not.to.be.empty
        expect(residueDifference(state(suite, 'residue-after'), state(suite, 'residue-after'))).to.deep.equal([])
      })

      it('is every kind of thing that a topology is made of', () => {
        const difference = residueDifference(state(suite, 'residue-before'), state(suite, 'residue-after'))
        expect(difference).to.include.members([
          '+ address 192.168.88.1/24 on br01',
          '+ chain ip filter WEB',
          '+ link br-veth01 veth up mtu 1500 mac 02:00:00:00:01:02 port of br01',
          '+ link br01 bridge up mtu 1500',
          '+ netns ns01',
          '+ nft inet mine chain input: counter accept',
          '+ policy ip filter FORWARD DROP',
          '+ route blackhole 10.10.0.0/16 proto boot',
          '+ route 10.11.0.0/16 dev br01 table 100 proto boot scope link',
          '+ rule ip nat -A POSTROUTING -s 192.168.88.0/24 ! -o br01 -j MASQUERADE',
          '- sysctl net.ipv4.ip_forward = 0',
          '+ sysctl net.ipv4.ip_forward = 1',
        ])
        expect(difference.filter(line => line.startsWith('-')).every(line => line.startsWith('- sysctl '))).to.equal(
          true,
        )
      })

      it('tells a netns once, and a setting only where it changed', () => {
        const difference = residueDifference(state(suite, 'residue-before'), state(suite, 'residue-after'))
        expect(difference.filter(line => line.includes('ns01'))).to.deep.equal(['+ netns ns01'])
        expect(difference.filter(line => line.includes('conf.br01'))).to.deep.equal([])
      })

      it('leaves out what moves by itself', () => {
        const all = state(suite, 'residue-after').join('\n')
        expect(all).not.to.match(/fe80|nf_conntrack_count|\[\d+:\d+\]|linkdown|LOWER_UP/)
        // iptables-nft's tables are told by iptables-save.
        expect(all).not.to.match(/nft ip /)
      })

      it('is what an engine keeps', () => {
        const difference = residueDifference(
          state(suite, 'engine-residue-before'),
          state(suite, 'engine-residue-after'),
        )
        expect(difference).to.include.members([
          '+ container web of vethlab/web, created',
          '+ network left bridge 10.77.0.0/24',
          '+ volume kept',
        ])
        expect(difference.filter(line => line.startsWith('-'))).to.deep.equal([])
        expect(difference.some(line => /^\+ rule ip nat -A POSTROUTING -s 10\.77\.0\.0\/24/.test(line))).to.equal(true)
      })
    })
  }

  const after = () => state('trixie', 'residue-after')

  it('shows what went and what came of one thing together', () => {
    const before = ['policy ip filter FORWARD DROP', 'link br01 bridge up mtu 1500', 'link zz device up mtu 1500']
    expect(residueDifference(before, ['link br01 bridge down mtu 1500', 'link zz device up mtu 1500'])).to.deep.equal([
      '+ link br01 bridge down mtu 1500',
      '- link br01 bridge up mtu 1500',
      '- policy ip filter FORWARD DROP',
    ])
  })

  it('counts: one rule of two equal ones is missed', () => {
    const rule = 'rule ip filter -A FORWARD -j ACCEPT'
    expect(residueDifference([rule, rule], [rule])).to.deep.equal([`- ${rule}`])
  })

  it('sees that the same rules stand in another order', () => {
    const rules = after().filter(line => line.startsWith('rule ip filter'))
    expect(rules).to.have.length(2)
    expect(residueDifference(rules, rules.toReversed())).to.have.length(4)
  })

  it('sees what changed inside a netns that stays', () => {
    const route = 'route default via 192.0.2.1 dev lan0 in netns outside'
    expect(residueDifference(['netns outside'], ['netns outside', route])).to.deep.equal([`+ ${route}`])
  })

  it('does not mistake half an answer for a state', () => {
    const output = recording('trixie', 'residue-after')
    const half = { ...output, stdout: output.stdout.slice(0, output.stdout.length / 2) }
    expect(() => residueProbe().parse(half)).to.throw(LookError, 'residue: cut off')
  })

  it("gives one name to all of the engine's veth ends, whose names and MACs are drawn by lot", () => {
    const output = recording('trixie', 'residue-after')
    const stdout = (name: string, mac: string) =>
      output.stdout.replaceAll('"br-veth01"', `"${name}"`).replaceAll('02:00:00:00:01:02', mac)
    const one = residueProbe().parse({ ...output, stdout: stdout('veth1a2b3c4', '02:42:00:00:00:01') })
    const other = residueProbe().parse({ ...output, stdout: stdout('vethfedcba9', '02:42:00:00:00:02') })
    expect(one).to.include('link vethXXXXXXX veth up mtu 1500 port of br01')
    expect(residueDifference(one, other)).to.deep.equal([])
  })
})
