import { testLab } from '../breaks/test-lab.ts'

testLab('network-isolation', [
  {
    title: 'both containers are on docker0',
    from: '--name web-01-net --net ${network} nginx:alpine',
    to: '--name web-01-net nginx:alpine',
    step: 'web-01 is on docker0, web-01-net on a network of its own; both serve',
    says: /ports of br-.* should show/,
  },
  {
    title: 'the isolation is switched off',
    from: 'const asked = await $`docker exec web-01 ping',
    to: 'await $`iptables -I DOCKER-ISOLATION-STAGE-1 -j RETURN`\n        const asked = await $`docker exec web-01 ping',
    step: 'from docker0 the other network’s container does not answer, though the packet is sent',
    says: /100% packet loss/,
  },
  {
    title: 'the business does not serve',
    from: '--name ${part} --net order-net nginx:alpine',
    to: '--name ${part} --net order-net centos sleep infinity',
    step: 'two networks of one’s own are as far apart: a business is reached within its network only, whatever it consists of',
    says: /should answer/,
  },
  {
    title: 'the stranger is in the network of the business',
    from: '--name order --net order-net centos sleep infinity`',
    to: '--name order --net order-net centos sleep infinity`\n        await $`docker network connect order-net web-01-net`',
    step: 'two networks of one’s own are as far apart: a business is reached within its network only, whatever it consists of',
    says: /should not answer/,
  },
  {
    title: 'no port is published',
    from: '-p 8088:80 nginx:alpine',
    to: 'nginx:alpine',
    step: 'a published port is a way around it: by the guest’s own address the other network answers (the document does not say so)',
    says: /8088/,
  },
])
