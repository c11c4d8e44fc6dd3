import { testLab } from '../breaks/test-lab.ts'

testLab('bridge-nat', [
  {
    mutation: '6.2 leave-out',
    change: 'without brctl addif br01 br-veth02',
    step: 'br-veth01 and br-veth02 are ports of br01',
  },
  {
    title: 'a wire leads into the wrong namespace',
    from: 'await $`ip link set veth02 netns ns02`',
    to: 'await $`ip link set veth02 netns ns01`',
    step: 'each wire leads into a namespace',
    says: /peer of br-veth02 should be paired with peer of veth02 in netns ns02\n/,
  },
  {
    mutation: '10.5 address',
    change: '192.168.88.12 → 192.168.88.112 in ip netns exec ns02 ifconfig veth02 192.168.88.12/24 up',
    step: 'both namespaces have an address, and br01 as their gateway',
  },
  {
    mutation: '10.6 leave-out',
    change: 'without ip netns exec ns02 ip route add default via 192.168.88.1',
    step: 'both namespaces have an address, and br01 as their gateway',
  },
  {
    title: 'forwarding is on from the start',
    from: 'await $`brctl addbr br01`',
    to: 'await $`brctl addbr br01`\nawait $`sysctl -w net.ipv4.ip_forward=1`\ndefer`sysctl -w net.ipv4.ip_forward=0`',
    step: 'without forwarding, a packet for the outside ends at br01',
    says: /net\.ipv4\.ip_forward should show 0\n1/,
  },
  {
    mutation: '18.1 leave-out',
    change: 'without sysctl -w net.ipv4.conf.all.forwarding=1',
    step: 'forwarding is switched on',
  },
  {
    title: 'outside has a way back',
    from: "await expect(ns02.ping('114.114.114.114')).not",
    to: "await $`ip -n outside route add 192.168.88.0/24 via 203.0.113.2`\nawait expect(ns02.ping('114.114.114.114')).not",
    step: 'outside hears ns02 but cannot answer',
    says: /not answer.*\n.*from 114\.114\.114\.114/,
  },
  {
    title: 'the rule is on the wrong interface',
    from: 'await $`iptables -t nat -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE`',
    to: 'await $`iptables -t nat -A POSTROUTING -s 192.168.88.0/24 -o br01 -j MASQUERADE`',
    step: 'MASQUERADE is the first rule of POSTROUTING',
    says: /nearest: rule 1: .*-o/,
  },
  {
    title: 'another rule comes first',
    from: 'await $`iptables -t nat -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE`',
    to: 'await $`iptables -t nat -A POSTROUTING -d 114.114.114.114 -j ACCEPT`\nawait $`iptables -t nat -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE`',
    step: 'MASQUERADE is the first rule of POSTROUTING',
    says: /MASQUERADE/,
  },
  {
    mutation: '27.4 leave-out',
    change: 'without brctl delbr br01',
    step: 'the documented clean-up removes namespaces, wires, bridge and rule',
  },
  {
    title: 'what the document leaves behind is not undone',
    from: 'defer`sysctl -w net.ipv4.conf.all.forwarding=0`',
    to: '',
    step: undefined,
    says: /the lab leaves the machine changed:\n(.*\n)*\+ sysctl net\.ipv4\.conf\.all\.forwarding = 1/,
  },
])
