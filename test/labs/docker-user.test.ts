import { testLab } from '../breaks/test-lab.ts'

testLab('docker-user', [
  {
    title: 'the requests come by INPUT',
    from: 'while: () => request(8080) })\n      // It shuts',
    to: 'while: () => look.http(`http://127.0.0.1:8080`).take() })\n      // It shuts',
    step: 'a rule in INPUT shuts no published port: outside’s requests do not come by there',
    says: /counter rose by/,
  },
  {
    title: 'DOCKER-USER is not the first',
    from: "await expect(filter).to.have.rule('-t filter -A FORWARD -j DOCKER-USER', { position: 1 })",
    to: "await $`iptables -I FORWARD -i eth0 -p udp -j DROP`\n      await expect(filter).to.have.rule('-t filter -A FORWARD -j DOCKER-USER', { position: 1 })",
    step: 'DOCKER-USER is the first that FORWARD asks',
    says: /it is rule 2 of FORWARD/,
  },
  {
    mutation: '5.1 port',
    change:
      '8080 → 8081 in iptables -I DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP',
    step: 'conntrack remembers the port that was asked: --ctorigdstport shuts this one alone, for outside alone',
  },
  {
    title: 'the engine begins DOCKER-USER anew',
    from: 'await $`service docker restart`',
    to: 'await $`iptables -F DOCKER-USER`\n      await $`service docker restart`',
    step: 'the rule in DOCKER-USER has outlasted the engine, and shuts the port of the next container, too',
    says: /should have rule/,
  },
])
