import { expect } from 'chai'
import type { Option } from '../../../harness/iptables/model.ts'
import { parseRule } from '../../../harness/iptables/rule.ts'
import { address, network } from '../../../harness/iptables/values/address.ts'
import { codepoint, serviceType } from '../../../harness/iptables/values/dscp.ts'
import { markSet, markXored } from '../../../harness/iptables/values/mark.ts'
import { portList, ports } from '../../../harness/iptables/values/port.ts'
import { protocol } from '../../../harness/iptables/values/protocol.ts'
import { rate } from '../../../harness/iptables/values/rate.ts'

// On the right what iptables-save prints.
function table(what: string, read: (text: string) => string, cases: Record<string, string>): void {
  describe(what, () => {
    for (const [text, expected] of Object.entries(cases)) {
      it(`${text} is ${expected}`, () => expect(read(text)).to.equal(expected))
    }
  })
}

describe('values in canonical form', () => {
  table('networks', text => network(text, 'inet'), {
    '192.168.88.5': '192.168.88.5/32',
    '192.168.88.5/24': '192.168.88.0/24',
    '192.168.88.5/255.255.255.0': '192.168.88.0/24',
    '10.1.2.3/255.0.255.0': '10.0.2.0/255.0.255.0',
    '10/8': '10.0.0.0/8',
    '0/0': '0.0.0.0/0',
    '255.255.255.255/31': '255.255.255.254/31',
  })

  table('IPv6 networks', text => network(text, 'inet6'), {
    '2001:DB8:0:0::1': '2001:db8::1/128',
    '2001:db8:1:2:3:4:5:6/48': '2001:db8:1::/48',
    '2001:db8::1/ffff:ffff::': '2001:db8::/32',
    '::/0': '::/0',
    '::ffff:192.0.2.1': '::ffff:192.0.2.1/128',
    'fe80::1/10': 'fe80::/10',
  })

  table('IPv6 addresses', text => address(text, 'inet6'), { '0:0:0:0:0:0:0:1': '::1', '1::': '1::', '::': '::' })

  table('ports', ports, { http: '80', '80:80': '80', ':99': '0:99', '1000:': '1000:65535', '22:http': '22:80' })

  table('lists of ports', portList, { '443,1000:2000,ssh': '22,443,1000:2000' })

  table('protocols', protocol, { '6': 'tcp', UDP: 'udp', icmpv6: 'ipv6-icmp', '47': 'gre', '253': '253', '0': 'all' })

  table('rates', rate, {
    '5/minute': '5/min',
    '60/hour': '1/min',
    '130/hour': '130/hour',
    '7': '7/sec',
    '1/d': '1/day',
    '24/day': '1/hour',
    '10000/second': '10000/sec',
  })

  table('marks to set', markSet, { '3': '0x3/0xffffffff', '3/4': '0x3/0x7', '0x10/0xff': '0x10/0xff' })

  table('marks to XOR', markXored, { '0xffffffff': '0xffffffff/0xffffffff', '1/0xf': '0x1/0xf' })

  table('DSCPs', codepoint, { '10': '0x0a', AF11: '0x0a', AF43: '0x26', EF: '0x2e', cs6: '0x30', be: '0x00' })

  table('types of service', serviceType, { '16': '0x10/0xff', 'Minimize-Delay': '0x10/0x3f', '0x8/0x3f': '0x08/0x3f' })

  const valuesOf = (rule: string) => {
    const { parameters, matches, target } = parseRule(rule)
    const all: Option[] = [...parameters, ...matches.flatMap(({ options }) => options), ...(target?.options ?? [])]
    return all.map(({ name, values }) => [name, ...values].join(' ')).join(' ')
  }
  table('options', valuesOf, {
    '-A INPUT -p icmp --icmp-type 255': '-p icmp',
    '-A INPUT -p icmp --icmp-type TOS-host-redirect': '-p icmp --icmp-type 5/3',
    '-A INPUT -m statistic --mode random --probability 0.33': '--mode random --probability 0.33000000007',
    '-A INPUT -j MARK --and-mark 1': '--set-xmark 0x0/0xfffffffe',
    '-A INPUT -j CONNMARK --restore-mark --mask 0xff': '--restore-mark --nfmask 0xff --ctmask 0xff',
    '-A INPUT -j LOG --log-level warning': '',
    '-A INPUT -j LOG --log-level debug': '--log-level 7',
    '-A INPUT -j REJECT --reject-with host-unreach': '--reject-with icmp-host-unreachable',
    '-A INPUT -p tcp --syn': '-p tcp --tcp-flags FIN,SYN,RST,ACK SYN',
    '-A INPUT -m conntrack --ctstate related,NEW': '--ctstate NEW,RELATED',
  })
})
