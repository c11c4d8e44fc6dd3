import { testBreaks } from './broken.ts'

testBreaks('user-network', [
  {
    title: 'the network has another gateway',
    from: '--gateway 192.169.0.1 ',
    to: '--gateway 192.169.0.254 ',
    step: 'docker network create makes a bridge with the gateway’s address',
    says: /192\.169\.0\.1\/16/,
  },
  {
    title: 'one container is left on docker0',
    from: '--name web-02-net --net ${network} centos',
    to: '--name web-02-net centos',
    step: 'its containers get the next addresses; their MACs are made of them up to engine 26',
    says: /web-02-net/,
  },
  {
    title: 'a neighbour on docker0 is on the network after all',
    from: '--name web-01 centos',
    to: '--name web-01 --net ${network} centos',
    step: 'on docker0 there are no names (the document says so elsewhere)',
    says: /127\.0\.0\.11|172\.17/,
  },
  {
    title: 'a container stays on the network that is removed',
    from: 'await $`docker rm -f squatter`\n',
    to: '',
    step: 'docker network rm refuses while containers are on it, then takes the bridge away',
    says: /docker network rm/,
  },
])
