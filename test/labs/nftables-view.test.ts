import { testLab } from '../breaks/test-lab.ts'

testLab('nftables-view', [
  {
    title: 'there are rules of the old kind, too',
    from: "await expect(look.iptables({ backend: 'legacy' }))",
    to: "await $`iptables-legacy -A INPUT -p udp --dport 9`\n      defer`iptables-legacy -D INPUT -p udp --dport 9`\n      await expect(look.iptables({ backend: 'legacy' }))",
    step: 'iptables writes to nf_tables: its tables are in nft’s list, and none are of the old kind',
    says: /iptables-legacy rules should show/,
  },
  {
    title: 'the policy is another',
    from: 'const { stdout } = await $`nft -j list ruleset`',
    to: 'await $`iptables -P FORWARD ACCEPT`\n      defer`iptables -P FORWARD DROP`\n      const { stdout } = await $`nft -j list ruleset`',
    step: 'the built-in chains hang on hooks, in the order of their priorities; the engine’s own on none',
    says: /policy: 'accept'/,
  },
  {
    title: 'nobody asks meanwhile',
    from: 'await $`ip netns exec outside curl -s 203.0.113.2:8080`',
    to: '',
    step: 'both tools count the same packets',
    says: /deep|equal/,
  },
  {
    title: 'a table of one’s own accepts only',
    from: 'ct original proto-dst 8080 counter drop',
    to: 'ct original proto-dst 8080 counter accept',
    step: 'a drop in a table of one’s own is final, even after the engine’s accept; iptables does not show it',
    says: /connected/,
  },
])
