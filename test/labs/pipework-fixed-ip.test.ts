import { testLab } from '../breaks/test-lab.ts'

testLab('pipework-fixed-ip', [
  {
    title: 'the container is not restarted',
    from: 'docker restart -t 0 web`',
    to: 'docker pause web; docker unpause web`',
    step: 'that ends with a restart of the container',
    says: /eth1 .* absent/,
  },
  {
    mutation: '3.5 leave-out',
    change: 'without ip link set eth0 master br0',
    step: 'the uplink becomes a port of a bridge, which takes over the address and the routes',
  },
  {
    title: 'the engine’s policy is lifted',
    from: "await expect(look.iptables()).to.have.policy('filter', 'FORWARD', 'DROP')",
    to: 'await $`iptables -P FORWARD ACCEPT`',
    step: 'while br_netfilter shows bridged frames to iptables, the engine’s policy for FORWARD keeps the LAN out',
    says: /connected/,
  },
])
