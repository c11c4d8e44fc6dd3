import { testLab } from '../breaks/test-lab.ts'

testLab('host-mode', [
  {
    title: 'the container is in mode bridge',
    from: '--name hosted --net host nginx:alpine',
    to: '--name hosted nginx:alpine',
    step: 'it is in the guest’s own netns: the same links, the same addresses, none of its own',
    says: /to equal/,
  },
  {
    title: 'the request goes to the container on docker0',
    from: 'while: () => $`ip netns exec outside curl -s 203.0.113.2`',
    to: 'while: () => $`ip netns exec outside curl -s 203.0.113.2; curl -s ${bridged.address}`',
    step: 'what listens in it listens on the guest’s addresses, and no packet is forwarded or rewritten',
    says: /should not have a frame/,
  },
  {
    title: 'the second server listens elsewhere',
    from: '--name second --net host nginx:alpine',
    to: "--name second --net host training/webapp sh -c 'timeout 2 python app.py'",
    step: 'so one port is for one: neither the guest nor a second container gets it',
    says: /to equal '1'/,
  },
  {
    title: 'the modes are mixed up when they are timed',
    from: `out.host.push(await quickest('hosted', '203.0.113.1'))
          out.bridge.push(await quickest('bridged', '203.0.113.1'))`,
    to: `out.host.push(await quickest('bridged', '203.0.113.1'))
          out.bridge.push(await quickest('hosted', '203.0.113.1'))`,
    step: 'it is quicker: out of the guest, and from container to container',
    says: /quicker/,
  },
])
