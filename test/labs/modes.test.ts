import { testLab } from '../breaks/test-lab.ts'

testLab('modes', [
  {
    title: 'dokcer is spelt well',
    from: 'docker rm -f $(dokcer ps -a -q)',
    to: 'docker rm -f $(docker ps -a -q)',
    step: 'the commands that are to clear everything clear nothing: dokcer is misspelt, and containers’ ids name no images',
    says: /to equal 1/,
  },
  {
    title: 'the first container is not on docker0',
    from: '--name web-01 centos',
    to: '--name web-01 --net none centos',
    step: 'without a word about it a container is on docker0, as its eth0 shows',
    says: /eth0/,
  },
  {
    title: 'the container is started when it is created',
    from: 'docker create --name test1',
    to: 'docker run -d --name test1',
    step: 'each start makes a veth pair, one end on docker0, one in the container; the creation alone makes none',
    says: /veth/,
  },
  {
    title: 'the guest masquerades nothing',
    from: "const frames = await look.capture(['docker0', 'eth0'], {",
    to: "await $`iptables -t nat -F POSTROUTING`\n        const frames = await look.capture(['docker0', 'eth0'], {",
    step: 'mode bridge: all on one bridge, each with an address of its own; it forwards between them, and masquerades beyond',
    says: /rewrite|114\.114/,
  },
  {
    title: 'one that is joined has a netns of its own',
    from: '--name joined --net=container:test1',
    to: '--name joined --net=none',
    step: '--net takes bridge, none, container:NAME, container:ID and host, and the name of a network as well',
    says: /NetworkMode/,
  },
])
