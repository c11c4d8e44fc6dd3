import { testLab } from '../breaks/test-lab.ts'

testLab('cnm', [
  {
    mutation: '1.4 leave-out',
    change: 'without docker network connect right web',
    step: 'a container on two networks has one sandbox and two endpoints, each with an id of its own',
  },
  {
    title: 'a veth is taken off its bridge',
    from: 'const ports = await look.ports(',
    to: 'await $`ip link set $(ls /sys/class/net/${await look.bridge(network)}/brif | head -1) nomaster`\n          const ports = await look.ports(',
    step: 'each endpoint is a port of its own network’s bridge, at the other end of the container’s veth',
    says: /length/,
  },
  {
    title: 'two containers share a sandbox',
    from: '--name client --net left centos',
    to: '--name client --net container:web centos',
    step: 'each endpoint is a port of its own network’s bridge, at the other end of the container’s veth',
    says: /length/,
  },
  {
    title: 'what is changed in one sandbox is changed in the other',
    from: 'const changed = look.in(',
    to: "await $`nsenter --net=${await sandboxOf('client')} ip addr add 198.51.100.1/32 dev lo`\n        const changed = look.in(",
    step: 'a container has a sandbox of its own: what changes in it, routes, addresses and DNS, no other one sees; unless it shares one',
    says: /198\.51\.100\.1/,
  },
  {
    title: 'the container may do what root may',
    from: 'await $`docker exec client ip link set eth0 down`',
    to: 'await $`docker exec --privileged client ip link show eth0`',
    step: 'from inside, a container sees its own sandbox only, and can neither enter nor make another; in host mode it sees the guest’s',
    says: /equal/,
  },
])
