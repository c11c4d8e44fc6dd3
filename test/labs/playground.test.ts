import { testLab } from '../breaks/test-lab.ts'

testLab('playground', [
  {
    title: 'Docker’s policy is outdone from the start',
    from: "await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('1')",
    to: 'await $`iptables -I FORWARD -j ACCEPT`',
    step: 'but what crosses a bridge of the guest meets Docker’s FORWARD policy, and dies: no home reaches its modem',
    says: /ping 192\.168\.1\.1 in container h1 should not answer/,
  },
  {
    title: 'h3 is plugged into the other home',
    from: "'h2-eth1', 'h3-eth1'],\n      homeB: ['modemB-eth1',",
    to: "'h2-eth1'],\n      homeB: ['modemB-eth1', 'h3-eth1',",
    step: 'spared that, neighbours hear each other',
    says: /192\.168\.1\.13/,
  },
  {
    mutation: '7.8 leave-out',
    change: 'without ip netns exec isp sysctl -w net.ipv4.ip_forward=1',
    step: 'without forwarding nothing passes a router; with it the servers hear the homes and find no way back',
  },
  {
    mutation: '8.1 interface',
    change:
      'eth0 → lo in ip netns exec modemA iptables --table nat --append POSTROUTING --out-interface eth0 -j MASQUERADE',
    step: 'NAT: before the modem a packet is from the home, behind it from the modem, and back again',
  },
])
