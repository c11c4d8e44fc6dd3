import { testLab } from '../breaks/test-lab.ts'

testLab('dns-files', [
  {
    title: 'one of them is mounted no more',
    from: 'const { stdout } = await $`docker exec web mount`',
    to: "await $`nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -m umount /etc/hosts`\n        const { stdout } = await $`docker exec web mount`",
    step: 'mount shows the three: each is a file of the engine’s on the guest’s disk, and there is no .dockerinit',
    says: /hosts type/,
  },
  {
    title: 'both containers are on docker0',
    from: '--name web-net --net my-net',
    to: '--name web-net',
    step: 'two name servers are outside, and they differ: the guest asks the first',
    says: /web-net should show br-/,
  },
  {
    title: 'the containers are restarted at once',
    from: 'const guest = await $`dig',
    to: 'await $`docker restart -t 0 web web-net`\n        const guest = await $`dig',
    step: 'the guest gets another name server: containers that run keep theirs, until they are restarted',
    says: /192\.0\.2\.8/,
  },
  {
    title: 'the container has no name of its own',
    from: '--name named -h myhost',
    to: '--name named',
    step: '-h writes the name into the container’s hostname and hosts, not into docker ps; but links and networks tell it',
    says: /myhost/,
  },
  {
    title: 'the container asks the guest’s name server',
    from: '--name asking --dns 114.114.114.114',
    to: '--name asking',
    step: '--dns puts a name server in place of the guest’s; it is asked for what is not in /etc/hosts',
    says: /203\.0\.113\.1/,
  },
])
