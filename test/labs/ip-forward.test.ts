import { testLab } from '../breaks/test-lab.ts'

testLab('ip-forward', [
  {
    mutation: '2.1 sysctl',
    change: '0 → 1 in sysctl -w net.ipv4.ip_forward=0',
    step: 'without it a container’s packets for outside end at docker0',
  },
  {
    mutation: '1.2 port',
    change: '8088 → 8089 in docker run --name test -d -p 8088:80 nginx:alpine',
    step: 'with the engine forwarding is on, for every link',
  },
  {
    title: 'another link is switched off',
    from: 'await $`sysctl -w net.ipv4.conf.eth0.forwarding=0`',
    to: 'await $`sysctl -w net.ipv4.conf.docker0.forwarding=0`\n        defer`sysctl -w net.ipv4.conf.docker0.forwarding=1`',
    step: 'what counts is the link by which a packet comes in: with eth0 switched off requests leave, replies end',
    says: /eth0\.forwarding should show 0/,
  },
  {
    title: 'the engine is told not to switch it on',
    from: `DOCKER_OPTS="--ip-forward=true"`,
    to: `DOCKER_OPTS="--ip-forward=false"`,
    step: 'the engine that switches it on sets the policy of FORWARD to DROP, with --ip-forward=true as without',
    says: /IPv4Forwarding: false/,
  },
])
