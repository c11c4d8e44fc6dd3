import { testBreaks } from './broken.ts'

testBreaks('restart-survival', [
  {
    title: 'the wire is not there',
    from: 'ip link set B up',
    to: 'ip link set B down',
    step: 'in box’s netns there are an address, a route, a setting, a rule and a wire that the engine does not know',
    says: /B|10\.1\.1/,
  },
  {
    title: 'box is paused and restarted',
    from: 'docker unpause box',
    to: 'docker unpause box; docker restart -t 0 box',
    step: 'a pause takes nothing away',
    says: /172\.17\.0\.200/,
  },
  {
    title: 'box is not restarted',
    from: 'await $`docker restart -t 0 box`',
    to: 'await $`true`',
    step: 'docker restart gives it another netns: all that is gone, with the guest’s end of the wire',
    says: /172\.17\.0\.200/,
  },
  {
    title: 'the rule is behind Docker’s from the start',
    from: 'iptables -I FORWARD -i eth0',
    to: 'iptables -A FORWARD -i eth0',
    step: 'in the guest: an address and a port of docker0, a route through it, rules in chains of all kinds',
    says: /--dport 80 -j DROP/,
  },
])
