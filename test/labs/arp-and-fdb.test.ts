import { testLab } from '../breaks/test-lab.ts'

testLab('arp-and-fdb', [
  {
    title: 'three is off docker0',
    from: "await ping('one', '172.17.0.1')",
    to: "await $`ip link set ${three.port} nomaster`\n      await ping('one', '172.17.0.1')",
    step: 'who has an address is asked of all; the answer goes to who asked',
    says: /ff:ff:ff:ff:ff:ff/,
  },
  {
    title: 'docker0 is a hub from the start',
    from: "await ping('one', '172.17.0.1')",
    to: "await $`ip link set docker0 type bridge ageing_time 0`\n      await ping('one', '172.17.0.1')",
    step: 'a port’s own MAC is in the FDB for good; a container’s is there once it has sent something',
    says: /FDB of docker0 should show/,
  },
  {
    title: 'docker0 does not forget',
    from: 'await forget()\n      const points = [one.port, two.port, three.port]',
    to: 'const points = [one.port, two.port, three.port]',
    step: 'a MAC that docker0 has forgotten is sought behind all ports, once: the reply teaches it',
    says: /frame/,
  },
  {
    mutation: '5.1 leave-out',
    change: 'without bridge link set dev veth<id> flood off',
    step: 'a port can be spared what is flooded',
  },
])
