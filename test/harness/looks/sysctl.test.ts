import { expect } from 'chai'
import { sysctl, sysctlPath } from '../../../harness/looks/sysctl.ts'
import { suites } from '../../../vm/suite.ts'
import { seen } from './recorded.ts'

describe('sysctl', () => {
  for (const suite of suites) {
    it(`is text with single spaces, undefined where the kernel has none of that name, on ${suite}`, () => {
      expect(seen(suite, 'sysctl', sysctl('net.ipv4.ip_local_port_range'))).to.equal('32768 60999')
      expect(seen(suite, 'sysctl-unknown', sysctl('net.ipv4.no_such_key'))).to.equal(undefined)
    })
  }

  it('lets the first separator decide, so that an interface may have a dot in its name', () => {
    expect(sysctlPath('net.ipv4.ip_forward')).to.equal('/proc/sys/net/ipv4/ip_forward')
    expect(sysctlPath('net.ipv4.conf.eth0/50.forwarding')).to.equal('/proc/sys/net/ipv4/conf/eth0.50/forwarding')
    expect(sysctlPath('net/ipv4/conf/eth0.50/forwarding')).to.equal('/proc/sys/net/ipv4/conf/eth0.50/forwarding')
  })
})
