import { testLab } from '../breaks/test-lab.ts'

testLab('docker0-settings', [
  {
    mutation: '2.1 leave-out',
    change: 'without ip link set dev eth0 mtu 1300',
    step: 'it does not heed the host’s route: with 1300 on eth0 and 1250 on the default route a new docker0 has 1500',
  },
  {
    title: 'the engine is restarted too early',
    from: 'await $`kill -HUP $(cat /run/docker.pid)`',
    to: 'await $`echo {} > /etc/docker/daemon.json; service docker restart; until docker info; do sleep 0.1; done; kill -HUP $(cat /run/docker.pid)`',
    step: 'options that are written down change nothing while the engine runs, not even when it reloads',
    says: /172.17.0.1/,
  },
  {
    mutation: '4.1 leave-out',
    change: 'without service docker restart',
    step: 'after a restart docker0 has the address and the mask of --bip and no other, and a new container an address of that subnet',
  },
  {
    title: 'nobody sets the MTU',
    from: '192.168.1.5/24 --mtu=1400"',
    to: '192.168.1.5/24"',
    step: 'and both ends of its veth have the MTU of --mtu: 1400 bytes pass, one more does not',
    says: /driver.mtu/,
  },
])
