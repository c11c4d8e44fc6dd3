import { testLab } from '../breaks/test-lab.ts'

testLab('point-to-point', [
  {
    title: 'the containers have a network',
    from: 'docker run -it --rm --net=none',
    to: 'docker run -it --rm',
    step: 'two containers run without a network, and go on when Ctrl+p Ctrl+q leaves them',
    says: /NetworkMode: '(default|bridge)'/,
  },
  {
    title: 'the shell is left by exit',
    from: "'\\x10\\x11'",
    to: "'exit\\n'",
    step: 'two containers run without a network, and go on when Ctrl+p Ctrl+q leaves them',
    says: /0-9a-f/,
  },
  {
    mutation: '3.9 leave-out',
    change: 'without ip netns exec <pid> ip route add 10.1.1.1/32 dev B',
    step: 'a veth pair has one end in each, with an address and a route to the other',
  },
  {
    title: 'containers that have a network ask across docker0 only',
    from: "['third', 'fourth', 'A', '10.1.1.2']",
    to: "['third', 'fourth', 'eth0', '10.1.1.2']",
    step: 'containers that have a network can have such a wire too, and keep their network',
    says: /wire/,
  },
])
