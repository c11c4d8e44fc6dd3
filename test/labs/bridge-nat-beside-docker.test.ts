import { testLab } from '../breaks/test-lab.ts'

testLab('bridge-nat-beside-docker', [
  {
    title: 'the policy of FORWARD is as without an engine',
    from: "await expect(filter).to.have.policy('filter', 'FORWARD', 'DROP')",
    to: "await $`iptables -P FORWARD ACCEPT`\n      defer`iptables -P FORWARD DROP`\n      await expect(filter).to.have.policy('filter', 'FORWARD', 'DROP')",
    step: 'the engine has left forwarding on, and FORWARD drops what no rule of its own lets through',
    says: /policy ACCEPT/,
  },
  {
    title: 'the bridge keeps its frames to itself',
    from: "await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('1')",
    to: 'await $`sysctl -w net.bridge.bridge-nf-call-iptables=0`\n      defer`sysctl -w net.bridge.bridge-nf-call-iptables=1`',
    step: 'with br_netfilter even ns01 and ns02, on one bridge, no longer hear each other, but for ARP',
    says: /1 of 1 answered/,
  },
  {
    title: 'somebody lets replies in at once',
    from: 'iptables -I DOCKER-USER -i br01 -o eth0 -j ACCEPT',
    to: 'iptables -I DOCKER-USER -i eth0 -o br01 -j ACCEPT; iptables -I DOCKER-USER -i br01 -o eth0 -j ACCEPT',
    step: 'a rule in DOCKER-USER lets the request out, and the reply ends in FORWARD',
    says: /should not have a frame .*br01/,
  },
  {
    title: 'the second rule is for requests',
    from: '--ctstate RELATED,ESTABLISHED',
    to: '--ctstate NEW',
    step: 'a second one lets the reply in: now the documented procedure does what it says',
    says: /should have rule .*RELATED,ESTABLISHED/,
  },
])
