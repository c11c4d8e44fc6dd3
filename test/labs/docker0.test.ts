import { testLab } from '../breaks/test-lab.ts'

testLab('docker0', [
  {
    title: 'docker0 has a port from the start',
    from: 'await $`brctl show`\n        await expect(look.ports',
    to: 'await $`docker run -d --name early nginx:alpine`\n        await expect(look.ports',
    step: 'docker0 is a bridge with an address and no port, so it has no carrier',
    says: /ports of docker0/,
  },
  {
    title: 'the container is started without a network',
    from: '--name test1 nginx:alpine',
    to: '--name test1 --net none nginx:alpine',
    step: 'a container started without a word about networks gets a veth pair, one end of it a port of docker0',
    says: /veth/,
  },
  {
    title: 'the gateway is another',
    from: 'await $`docker exec test1 route -n`',
    to: 'await $`ip link set docker0 down; ip link set docker0 up; docker exec --privileged test1 ip route del default; docker exec test1 route -n`',
    step: 'its default gateway is docker0',
    says: /0\\\.0\\\.0\\\.0/,
  },
  {
    title: 'nobody takes the address meanwhile',
    from: '--name taker centos',
    to: '--name taker --net none centos',
    step: 'an address is kept over a restart unless somebody took it, and given anew after a removal',
    says: /172\.17\.0/,
  },
  {
    title: 'the subnet is larger',
    from: '198.51.100.0/29 tiny',
    to: '198.51.100.0/28 tiny',
    step: 'a subnet has room for all its addresses but three: network, broadcast, gateway',
    says: /125/,
  },
  {
    title: 'ports are left on docker0',
    from: 'expect((await look.ports(',
    to: 'await $`ip link set fill1 nomaster; ip link set fill2 nomaster`\n        expect((await look.ports(',
    step: 'docker0 is full long before its addresses are: a bridge has 1023 ports',
    says: /1021 to equal 1023/,
  },
  {
    title: 'eth0 is a port of docker0',
    from: "const ports = (await look.ports('docker0'))",
    to: "await $`ip link set eth0 master docker0`\n        const ports = (await look.ports('docker0'))",
    step: 'docker0 does not put containers on the guest’s own network: eth0 is no port of it',
    says: /eth0|length/,
  },
])
