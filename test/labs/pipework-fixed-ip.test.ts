import { testBreaks } from './broken.ts'

testBreaks('pipework-fixed-ip', [
  {
    title: 'the container is not restarted',
    from: 'docker restart -t 0 web`',
    to: 'docker pause web; docker unpause web`',
    step: 'that ends with a restart of the container',
    says: /eth1 .* absent/,
  },
  {
    title: 'the uplink is left out of the bridge',
    from: 'ip link set eth0 master br0`',
    to: 'true`',
    step: 'the uplink becomes a port of a bridge, which takes over the address and the routes',
    says: /port of br0/,
  },
  {
    title: 'the engine’s policy is lifted',
    from: "await expect(look.iptables()).to.have.policy('filter', 'FORWARD', 'DROP')",
    to: 'await $`iptables -P FORWARD ACCEPT`',
    step: 'while br_netfilter shows bridged frames to iptables, the engine’s policy for FORWARD keeps the LAN out',
    says: /connected/,
  },
])
