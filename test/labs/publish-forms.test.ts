import { testLab } from '../breaks/test-lab.ts'

testLab('publish-forms', [
  {
    title: 'the port is chosen',
    from: 'docker run -itd -P training/webapp',
    to: 'docker run -itd -p 49153:5000 training/webapp',
    step: 'docker run -P maps a port to the one that the image exposes, and both the guest and outside reach it',
    says: /32768/,
  },
  {
    title: 'ports of the documented range are given out',
    from: 'docker run -d -P --expose 80 --name',
    to: 'docker run -d -p 49000:80 -p 49001:5000 --expose 80 --name',
    step: 'the ports of -P are counted up from the first of the kernel’s range for clients',
    says: /49000|49001|already allocated/,
  },
  {
    title: 'no rule makes way for the engine’s own bridges',
    from: 'const to = `${await addressOf(published.first)}:5000`',
    to: 'await $`iptables -t nat -D DOCKER -i docker0 -j RETURN`\n        const to = `${await addressOf(published.first)}:5000`',
    step: 'the rule of -P is a DNAT in chain DOCKER, to which PREROUTING and OUTPUT lead',
    says: /the first is absent/,
  },
  {
    title: 'what is meant for localhost is on all addresses',
    from: 'docker run -d -p 127.0.0.1:5000:5000 training/webapp',
    to: 'docker run -d -p 5000:5000 training/webapp',
    step: '-p 127.0.0.1:5000:5000 is on localhost, and outside is refused',
    says: /0\.0\.0\.0:5000/,
  },
])
