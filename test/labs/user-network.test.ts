import { testLab } from '../breaks/test-lab.ts'

testLab('user-network', [
  {
    mutation: '2.1 address 2',
    change:
      '192.169.0.1 → 192.169.0.101 in docker network create --driver bridge --subnet 192.169.0.0/16 --gateway 192.169.0.1 myDockerStudyNet',
    step: 'docker network create makes a bridge with the gateway’s address',
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
    mutation: '10.4 leave-out',
    change: 'without docker rm -f squatter',
    step: 'docker network rm refuses while containers are on it, then takes the bridge away',
  },
])
