import { testLab } from '../breaks/test-lab.ts'

testLab('iptables-off', [
  {
    title: 'the engine goes on with its rules',
    from: '\'DOCKER_OPTS="--iptables=false"\' >>',
    to: '\'DOCKER_OPTS="--iptables=true"\' >>',
    step: 'what is there stays when --iptables=false comes: the policy DROP, MASQUERADE; but a port gets no rule any more',
    says: /--dport 8088/,
  },
  {
    title: 'what the engine before has left is not removed',
    from: 'await $`iptables -t ${table} -F`\n          await $`iptables -t ${table} -X`',
    to: '',
    step: 'where nothing is there nothing comes: no chain, no rule, whatever is started',
    says: /DOCKER/,
  },
  {
    title: 'somebody masquerades',
    from: 'await expect(pub.ping',
    to: 'await $`iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE`\n      defer`iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE`\n      await expect(pub.ping',
    step: 'nobody masquerades: what a container sends out has its own address, and finds no way back',
    says: /1 of 1 answered/,
  },
  {
    title: 'forwarding is off',
    from: "await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')",
    to: 'await $`sysctl -w net.ipv4.ip_forward=0`\n      defer`sysctl -w net.ipv4.ip_forward=1`',
    step: 'nothing is kept apart: the guest forwards for everybody, from outside and between networks',
    says: /GET http/,
  },
])
