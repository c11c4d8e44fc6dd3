import { testLab } from '../breaks/test-lab.ts'

testLab('outbound', [
  {
    title: 'nobody shuts the way in',
    from: 'const onUplink = ',
    to: 'await $`iptables -I DOCKER-USER -o docker0 -j ACCEPT`\n        defer`iptables -D DOCKER-USER -o docker0 -j ACCEPT`\n        const onUplink = ',
    step: 'outside does not reach it, not even with a route to its network',
    says: /1 of 1 answered/,
  },
  {
    title: 'the rule masquerades what stays on docker0, too',
    from: 'await expect(nat).to.have.rule(masquerade)\n',
    to: 'await $`iptables -t nat -R POSTROUTING 1 -s 172.17.0.0/16 -j MASQUERADE`\n        await expect(nat).to.have.rule(masquerade)\n',
    step: 'the list does not show that the rule spares docker0: neighbours see who asks, and so does the guest',
    says: /differs in -o/,
  },
  {
    mutation: '8.3 leave-out',
    change: 'without conntrack -D -p tcp --dport 7001',
    step: 'a late FIN, of a connection that conntrack has forgotten, leaves with the private source',
  },
  {
    title: 'the network that is to be spared is masqueraded',
    from: 'bridge.enable_ip_masquerade=false',
    to: 'bridge.enable_ip_masquerade=true',
    step: 'a network can ask to be spared: it leaves as it is, and outside must know the way back',
    says: /should not have rule .* MASQUERADE/,
  },
])
