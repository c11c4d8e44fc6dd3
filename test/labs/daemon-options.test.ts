import { testLab } from '../breaks/test-lab.ts'

testLab('daemon-options', [
  {
    title: 'docker run is given an option of its own',
    from: "['--mtu=1400', ",
    to: "['--memory=1400m', ",
    step: 'docker run knows none of the options of the service',
    says: /memory/,
  },
  {
    title: 'the service goes on to listen at the usual socket, too',
    from: '"-H unix:///run/second.sock"',
    to: '"-H unix:///run/second.sock -H unix:///var/run/docker.sock"',
    step: '-H is where the service takes commands: from the next start on, and nowhere else',
    says: /the engine should be absent/,
  },
  {
    title: 'somebody switches forwarding on',
    from: 'await expect(look.engine()).to.show({ IPv4Forwarding: false })',
    to: 'await expect(look.engine()).to.be.present()\n        await $`sysctl -w net.ipv4.ip_forward=1`',
    step: '--ip-forward=false leaves forwarding off, which cuts containers off from outside, not from each other',
    says: /ip_forward should show 0/,
  },
  {
    title: 'the subnet is taken by nobody',
    from: "await use('172.17.99.1/16')",
    to: '',
    step: 'docker0 is given the first of a list of private subnets that no link of the guest has, each time the same',
    says: /172\.1[78]\.0\.1/,
  },
])
