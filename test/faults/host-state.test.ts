import { expect } from 'chai'
import { changes } from './host-state.ts'

describe('changes of a host’s network', () => {
  it('are what came, what went, and a setting of another value', () => {
    const before = ['link eth0', 'setting /proc/sys/net/ipv4/ip_forward 0']
    const after = ['link br01', 'setting /proc/sys/net/ipv4/ip_forward 1']
    expect(changes(before, after)).to.deep.equal([
      ...['- link eth0', '- setting /proc/sys/net/ipv4/ip_forward 0'],
      ...['+ link br01', '+ setting /proc/sys/net/ipv4/ip_forward 1'],
    ])
    expect(changes(before, before)).to.deep.equal([])
  })

  it('are not the settings that a module brings, which whoever came first has loaded for all', () => {
    const before = ['setting /proc/sys/net/ipv4/ip_forward 0']
    const after = [...before, 'setting /proc/sys/net/bridge/bridge-nf-call-iptables 1']
    expect(changes(before, after)).to.deep.equal([])
    expect(changes(after, before)).to.deep.equal(['- setting /proc/sys/net/bridge/bridge-nf-call-iptables 1'])
  })
})
