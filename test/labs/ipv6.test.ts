import { testLab } from '../breaks/test-lab.ts'

testLab('ipv6', [
  {
    title: 'the guest forwards already',
    from: "await expect(look.sysctl(key)).to.show('0')",
    to: "await $`sysctl -w net.ipv6.conf.all.forwarding=1`\n      await expect(look.sysctl(key)).to.show('0')",
    step: 'guest and outside have addresses of IPv6; the guest forwards none of it',
    says: /sysctl net\.ipv6\.conf\.all\.forwarding/,
  },
  {
    title: 'the network is of IPv4 only',
    from: 'docker network create --ipv6 --subnet 2001:db8:1::/64 dual',
    to: 'docker network create dual',
    step: 'a network with a subnet of IPv6 switches forwarding on; since 28 with the policy DROP',
    says: /EnableIPv6: false/,
  },
  {
    title: 'outside knows the way back',
    from: 'const found = (await look.container',
    to: 'await $`ip -n outside route add 2001:db8:1::/64 via 2001:db8::2`\n        const found = (await look.container',
    step: 'what leaves is masqueraded since 28; before, outside sees the container, and must know the way back',
    says: /1 of 1 answered/,
  },
  {
    title: 'somebody shuts FORWARD, as engine 28 does',
    from: 'const hidden = $',
    to: 'await $`ip6tables -P FORWARD DROP`\n      const hidden = $',
    step: 'up to 26 who has a route reaches every port of the container, published or not; since 28 none',
    says: /timed out/,
  },
])
