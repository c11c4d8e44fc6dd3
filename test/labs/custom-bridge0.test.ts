import { testLab } from '../breaks/test-lab.ts'

testLab('custom-bridge0', [
  {
    mutation: '1.5 leave-out',
    change: 'without brctl delbr docker0',
    step: 'the service stops, its containers with it; docker0 stays, until it is deleted',
  },
  {
    mutation: '2.3 leave-out',
    change: 'without ip link set dev bridge0 up',
    step: 'a bridge is made by hand: it has an address, is up, and has no port',
  },
  {
    title: 'the option stands in another file',
    from: '\'DOCKER_OPTS="-b=bridge0"\' >> /etc/default/docker',
    to: '\'DOCKER_OPTS="-b=bridge0"\' >> /etc/default/dockerd',
    step: 'with DOCKER_OPTS="-b=bridge0" a new container is a port of bridge0, has an address of its subnet, and it is its gateway',
    says: /network bridge/,
  },
  {
    title: 'bridge0 is left to the engine',
    from: "await $`ip link delete bridge0`\n        await expect(look.link('bridge0')).to.be.absent()",
    to: '',
    step: 'bridge0 is nobody’s but ours: the engine leaves it when it stops, and does not start without it',
    says: /log of docker/,
  },
])
