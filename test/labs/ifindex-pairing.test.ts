import { testLab } from '../breaks/test-lab.ts'

testLab('ifindex-pairing', [
  {
    title: 'the veth is taken out of docker0',
    from: 'const { stdout } = await $`brctl show`',
    to: 'await $`for p in /sys/class/net/docker0/brif/*; do ip link set $(basename $p) nomaster; done`\nconst { stdout } = await $`brctl show`',
    step: 'a container plugs one veth into docker0',
    says: /docker0/,
  },
  {
    title: 'the second container has no network',
    from: 'docker run -d --name test2 nginx:alpine',
    to: 'docker run -d --name test2 --network none nginx:alpine',
    step: 'every further container plugs in one more',
    says: /length of 3/,
  },
  {
    title: 'the second container is on a bridge of its own',
    from: 'await $`docker run -d --name test2 nginx:alpine`',
    to: 'await $`docker network create other`\ndefer`docker network rm other`\nawait $`docker run -d --name test2 --network other nginx:alpine`',
    step: 'every further container plugs in one more',
    says: /length of 3/,
  },
  {
    title: "another container's ifindex is read",
    from: 'docker exec test1 cat /sys/class/net/eth0/ifindex',
    to: 'docker exec test2 cat /sys/class/net/eth0/ifindex',
    step: "the number after @if is the ifindex of the container's eth0",
    says: /@if/,
  },
  {
    title: 'the script reads ifindex where it must read iflink',
    from: 'cat /sys/class/net/eth0/iflink',
    to: 'cat /sys/class/net/eth0/ifindex',
    step: 'on a terminal it names the veth of every container',
    says: /paired/,
  },
  {
    title: 'no index is part of another',
    from: 'index ${iflink}0 ',
    to: 'index 888888 ',
    step: 'and a wrong one when one index is part of another',
    says: /vethzz/,
  },
  {
    title: 'a container stays',
    from: 'defer`docker rm -f test3`',
    to: '',
    step: undefined,
    says: /the lab leaves the machine changed:\n(.*\n)*.*container test3/,
  },
])
