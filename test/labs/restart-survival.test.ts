import { testLab } from '../breaks/test-lab.ts'

testLab('restart-survival', [
  {
    mutation: '1.12 leave-out',
    change: 'without ip netns exec box ip link set B up',
    step: 'in box’s netns there are an address, a route, a setting, a rule and a wire that the engine does not know',
  },
  {
    title: 'box is paused and restarted',
    from: 'docker unpause box',
    to: 'docker unpause box; docker restart -t 0 box',
    step: 'a pause takes nothing away',
    says: /172\.17\.0\.200/,
  },
  {
    mutation: '3.1 leave-out',
    change: 'without docker restart -t 0 box',
    step: 'docker restart gives it another netns: all that is gone, with the guest’s end of the wire',
  },
  {
    mutation: '6.9 order',
    change: '-I → -A in iptables -I FORWARD -i eth0 -p tcp --dport 80 -j DROP',
    step: 'in the guest: an address and a port of docker0, a route through it, rules in chains of all kinds',
  },
])
