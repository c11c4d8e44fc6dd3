import { testLab } from '../breaks/test-lab.ts'

testLab('host-only-link', [
  {
    mutation: '1.12 leave-out',
    change: 'without ip netns exec <pid> ip route add 10.1.1.1/32 dev B',
    step: 'one end stays with the guest: it and the container hear each other',
  },
  {
    title: 'the container has docker0 as well',
    from: '--name hostonly --net=none',
    to: '--name hostonly',
    step: 'it begins nothing with anybody else, and outside finds no way to it',
    says: /Network is unreachable/,
  },
  {
    title: 'somebody has closed the wire to those who are forwarded',
    from: 'await $`docker run -d --name neighbour nginx:alpine`',
    to: 'await $`iptables -I DOCKER-USER -o A -j DROP; docker run -d --name neighbour nginx:alpine`',
    step: 'but containers on docker0 reach it: the guest forwards for them, and masquerades them as itself',
    says: /ping 10\.1\.1\.2 in container neighbour/,
  },
  {
    title: 'the engine is not told --icc=false',
    from: 'DOCKER_OPTS=--icc=false',
    to: 'DOCKER_OPTS=--icc=true',
    step: '--icc=false keeps the containers of docker0 from each other, and from nobody else: it is no replacement',
    says: /ping .* in container neighbour/,
  },
])
