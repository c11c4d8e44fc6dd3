import { testLab } from '../breaks/test-lab.ts'

testLab('link-lifetime', [
  {
    title: 'web-02 is not linked',
    from: '--name web-02 --link web-01 centos',
    to: '--name web-02 centos',
    step: 'web-02, linked to web-01, finds it by name; web-01 does not find web-02',
    says: /ping -c 1 web-01/,
  },
  {
    title: 'the line is not taken out',
    from: 'grep -v web-01 /etc/hosts >/tmp/hosts',
    to: 'grep -v nobody /etc/hosts >/tmp/hosts',
    step: 'what a link adds is a line in hosts: the name stands and falls with it',
    says: /Name or service not known/,
  },
  {
    title: 'nobody takes the address meanwhile',
    from: '--name taker centos',
    to: '--name taker --net none centos',
    step: 'a linked container that comes back with another address is found; a process that runs is not told (the document does not say so)',
    says: /bridge behind eth0 of taker should show docker0/,
  },
  {
    mutation: '6.4 leave-out',
    change: 'without docker rm -f web-01',
    step: 'docker0 is where containers go unasked, without names; a link makes one, and the removal of the linked container ends it',
  },
])
