import { testLab } from '../breaks/test-lab.ts'

testLab('icc-false', [
  {
    title: 'the cable stays where it is',
    from: "await $`docker network disconnect bridge two`\n        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }])",
    to: '',
    step: 'one whose cable to docker0 is pulled is asked for in vain, with no rule changed',
    says: /1 of 1 answered/,
  },
  {
    title: 'bridged frames are still shown to iptables',
    from: "await $`sysctl -w net.bridge.bridge-nf-call-iptables=0`\n        defer`sysctl -w net.bridge.bridge-nf-call-iptables=1`\n        await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('0')",
    to: '',
    step: 'a rule of iptables is enough to cut them off, but it is asked only while bridged frames are shown to it',
    says: /0 of 1 answered/,
  },
  {
    title: 'the engine is started without the option',
    from: "echo 'DOCKER_OPTS=--icc=false' >>",
    to: "echo 'DOCKER_OPTS=--icc=true' >>",
    step: 'DOCKER_OPTS=--icc=false forbids it: the rule drops, in both directions, whatever is asked',
    says: /-i docker0/,
  },
  {
    title: 'the link is left out',
    from: "--link db:db training/webapp python app.py`\n        defer`docker rm -f web`\n        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }, { state: 'forwarding' }])\n        addresses.web",
    to: 'training/webapp python app.py`\n        defer`docker rm -f web`\n        addresses.web',
    step: 'a link opens the exposed port of the linked container, and nothing else',
    says: /dpt:5432/,
  },
])
