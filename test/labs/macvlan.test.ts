import { testLab } from '../breaks/test-lab.ts'

testLab('macvlan', [
  {
    title: 'the containers are on docker0',
    from: '--net lan nginx:alpine',
    to: 'nginx:alpine',
    step: 'each container has a link of its own on eth0, with its own MAC and address; no bridge and no veth is there',
    says: /kind: 'macvlan'/,
  },
  {
    title: 'the interface of the guest may not talk to others of its parent',
    from: 'add shim link eth0 type macvlan mode bridge',
    to: 'add shim link eth0 type macvlan mode private',
    step: 'an interface of the guest on the same parent, and a route by it, let them hear each other; one without the other does not',
    says: /ping 203\.0\.113\.64 should answer/,
  },
  {
    title: 'the engine is told which addresses are free',
    from: '--gateway 203.0.113.1 -o parent=eth0 careless',
    to: '--gateway 203.0.113.1 --ip-range 203.0.113.64/27 -o parent=eth0 careless',
    step: 'left to itself the engine gives the first container the guest’s own address, and says nothing',
    says: /203\.0\.113\.2\/24/,
  },
])
