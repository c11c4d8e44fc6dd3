import { testLab } from '../breaks/test-lab.ts'

testLab('publish-port', [
  {
    mutation: '1.1 port',
    change: '8088 → 8089 in docker run --name test -d -p 8088:80 nginx:alpine',
    step: 'a container whose port 80 is published as 8088 answers on localhost',
  },
  {
    mutation: '1.1 port 2',
    change: '80 → 81 in docker run --name test -d -p 8088:80 nginx:alpine',
    step: 'a container whose port 80 is published as 8088 answers on localhost',
  },
  {
    title: 'the port is published on loopback only',
    from: '-p 8088:80 nginx:alpine',
    to: '-p 127.0.0.1:8088:80 nginx:alpine',
    step: 'its rules stand in the nat table',
    says: /-d: '127\.0\.0\.1/,
  },
  {
    title: 'the jump to DOCKER is gone',
    from: 'await expect(nat).to.have.rule(toDocker)',
    to: 'await $`iptables -t nat -F PREROUTING`\nawait expect(nat).to.have.rule(toDocker)',
    step: 'its rules stand in the nat table',
    says: /chain PREROUTING of table nat has no rules/,
  },
  {
    title: 'a rule of somebody else drops what is forwarded',
    from: 'await $`ip netns exec outside curl -s -m 3 203.0.113.2:8088`.nothrow()',
    to: 'await $`iptables -I FORWARD -i eth0 -p tcp -j DROP`',
    step: 'from outside the published port answers, and the server sees who asks',
    says: /timed out|Timeout/i,
  },
  {
    mutation: '6.1 port',
    change: '8088 → 8089 in iptables -t mangle -A INPUT -p tcp --dport 8088',
    step: 'such a request is forwarded; INPUT never sees it',
  },
  {
    title: 'MASQUERADE is on the wrong interface',
    from: 'await $`iptables -t nat -nvL POSTROUTING`',
    to: 'await $`iptables -t nat -R POSTROUTING 1 -s 172.17.0.0/16 ! -o eth0 -j MASQUERADE; iptables -t nat -nvL POSTROUTING`',
    step: 'POSTROUTING masquerades what leaves 172.17.0.0/16 by another link',
    says: /!docker0/,
  },
  {
    title: 'the container stays',
    from: 'defer`docker rm -f test`',
    to: '',
    step: undefined,
    says: /the lab leaves the machine changed:\n(.*\n)*.*container test/,
  },
])
