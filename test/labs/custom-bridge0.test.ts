import { testBreaks } from './broken.ts'

testBreaks('custom-bridge0', [
  {
    title: 'docker0 is not deleted',
    from: 'await $`brctl delbr docker0`',
    to: '',
    step: 'the service stops, its containers with it; docker0 stays, until it is deleted',
    says: /link docker0 should be absent/,
  },
  {
    title: 'bridge0 is not switched on',
    from: 'await $`ip link set dev bridge0 up`',
    to: '',
    step: 'a bridge is made by hand: it has an address, is up, and has no port',
    says: /link bridge0 should be up/,
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
