import { differs, lab } from '../harness/index.ts'

const topology = `
  one                          guest                         outside
 +------------------+         +--------------------------+  +---------------+
 | eth0           o-+---------+-o veth                   |  |               |
 | 192.168.1.1/24   |         |    docker0          eth0 o--o  203.0.113.1  |
 | mtu 1400         |         |    192.168.1.5/24        |  |               |
 +------------------+         +--------------------------+  +---------------+
`

export default lab(
  {
    title: 'The address and the MTU of docker0: --bip and --mtu',
    document: '002_4055c2f40a7b121a',
    finds:
      '--bip sets address and mask, and stays when the option goes; --mtu is for docker0’s containers alone, and what the guest’s own link can carry is not asked',
    topology,
    engine: true,
    unseen: [
      {
        mutation: /in echo '\{ "bip": "192\.168\.1\.5\/24", "mtu": 1400 \}' > \/etc\/docker\/daemon\.json$/,
        because: 'an engine that runs asks for no address in that file, whichever it is: so says the step',
      },
      {
        mutation: /^24 → 25 in echo DOCKER_OPTS=--bip=192\.168\.1\.0\/24 /,
        because: '192.168.1.0 is the address of a subnet with either mask, and the refusal names no mask',
      },
    ],
  },
  ({ $, look, expect, step, defer }) => {
    const one = look.in({ container: 'one' })
    const nat = look.iptables({ table: 'nat' })
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const defaultRoute = look.at({
      title: 'the default route',
      script: 'ip route show default',
      parse: ({ stdout }) => stdout.trim(),
    })
    const masquerade = (subnet: string) => `-t nat -A POSTROUTING -s ${subnet} ! -o docker0 -j MASQUERADE`

    step('left alone docker0 has 172.17.0.1/16, and 1500 bytes are the MTU of it and of its containers', async () => {
      await expect(look.link('docker0')).to.have.address('172.17.0.1/16')
      await expect(look.link('docker0')).to.show({ mtu: 1500 })
      await $`docker run -d --name one nginx:alpine`
      defer`docker rm -f one`
      await expect(look.bridgeBehind('one')).to.show('docker0')
      await expect(one.link('eth0')).to.show({ mtu: 1500 })
      await expect(one.ping('172.17.0.1')).to.answer()
      await expect(look.http(`http://${(await one.link('eth0'))?.addresses[0]?.split('/')[0]}`)).to.answer()
      await expect(look.network('bridge')).to.show({ Options: { 'com.docker.network.driver.mtu': '1500' } })
      await $`docker rm -f one`
    })

    step(
      'it does not heed the host’s route: with 1300 on eth0 and 1250 on the default route a new docker0 has 1500',
      { covers: [differs('S002-70', 'the MTU is always 1500: those of the guest’s link and route are not asked')] },
      async () => {
        await $`ip link set dev eth0 mtu 1300`
        defer`ip link set dev eth0 mtu 1500`
        await expect(look.link('eth0')).to.show({ mtu: 1300 })
        await $`ip route change default via 203.0.113.1 dev eth0 mtu 1250`
        defer`ip route change default via 203.0.113.1 dev eth0`
        await expect(defaultRoute).to.show('default via 203.0.113.1 dev eth0 mtu 1250')
        await $`service docker stop`
        defer(async () => {
          await $`service docker start`
          await expect(look.engine()).to.be.present()
        })
        await $`ip link delete docker0`
        await expect(look.link('docker0')).to.be.absent()
        await $`rm -r /var/lib/docker/network/files`
        await expect(look.files('/var/lib/docker/network/files')).to.be.absent()
        await $`service docker start`
        await expect(look.engine()).to.be.present()
        await expect(look.link('docker0')).to.show({ mtu: 1500 })
        await expect(look.link('docker0')).to.have.address('172.17.0.1/16')
        await $`docker run -d --name one nginx:alpine`
        defer`docker rm -f one`
        await expect(look.bridgeBehind('one')).to.show('docker0')
        await expect(one.link('eth0')).to.show({ mtu: 1500 })
        // So the containers learn of it one by one, by the guest's ICMP; it goes by the link.
        const asked = await $`docker exec one ping -c 1 -W 1 -M do -s 1400 203.0.113.1`.nothrow()
        await expect(asked.stdout).to.print(/^From 172\.17\.0\.1 .*\(mtu = 1300\)$/m)
        await $`docker rm -f one`
        await $`ip route change default via 203.0.113.1 dev eth0`
        await expect(defaultRoute).to.show('default via 203.0.113.1 dev eth0')
        await $`ip link set dev eth0 mtu 1500`
        await expect(look.link('eth0')).to.show({ mtu: 1500 })
      },
    )

    step(
      'options that are written down change nothing while the engine runs, not even when it reloads',
      { covers: ['S002-35'] },
      async () => {
        await $`echo 'DOCKER_OPTS="--bip=192.168.1.5/24 --mtu=1400"' >> /etc/default/docker`
        // Functions: later steps run these commands too.
        defer(async () => {
          await $`service docker stop`.nothrow()
          await $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`
          await $`ip link delete docker0`.nothrow()
          await $`rm -rf /var/lib/docker/network/files`
          await $`iptables -t nat -S POSTROUTING | sed -n '/ 192.168.1[.]/s/^-A/iptables -t nat -D/p' | sh`
          await $`service docker start`
          await expect(look.engine()).to.be.present()
        })
        await $`echo '{ "bip": "192.168.1.5/24", "mtu": 1400 }' > /etc/docker/daemon.json`
        defer`rm /etc/docker/daemon.json`
        await $`kill -HUP $(cat /run/docker.pid)`
        await expect(look.log('docker')).to.show(/Got signal to reload configuration/)
        await $`docker run -d --name one nginx:alpine`
        defer`docker rm -f one`
        await expect(look.bridgeBehind('one')).to.show('docker0')
        await expect(look.engine()).to.be.present()
        await expect(look.link('docker0')).to.have.address('172.17.0.1/16')
        await expect(one.link('eth0')).to.show({ mtu: 1500 })
        await expect(one.routes()).to.show({ destination: 'default', gateway: '172.17.0.1' })
        await $`docker rm -f one`
        await $`rm /etc/docker/daemon.json`
      },
    )

    step(
      'after a restart docker0 has the address and the mask of --bip and no other, and a new container an address of that subnet',
      {
        covers: [
          'S002-71',
          differs(
            'S002-37',
            'it sets docker0’s address too, and an address is needed: a mask or a subnet alone is refused',
          ),
        ],
      },
      async () => {
        await $`service docker restart`
        await expect(look.engine()).to.be.present()
        const addresses = (await look.addresses('docker0')).filter(({ address }) => !address.startsWith('fe80:'))
        expect(addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`)).to.deep.equal([
          '192.168.1.5/24',
        ])
        await expect(look.network('bridge')).to.show({
          IPAM: { Config: [{ Subnet: '192.168.1.0/24', Gateway: '192.168.1.5' }] },
        })
        await $`docker run -d --name one nginx:alpine`
        defer`docker rm -f one`
        await expect(look.bridgeBehind('one')).to.show('docker0')
        await expect(one.link('eth0')).to.show({ addresses: ['192.168.1.1/24'] })
        await expect(one.routes()).to.show({ destination: 'default', gateway: '192.168.1.5', link: 'eth0' })
        await expect(one.ping('192.168.1.5')).to.answer()
        await expect(nat).to.use(masquerade('192.168.1.0/24'), {
          while: () => expect(one.ping('203.0.113.1')).to.answer(),
        })
        await expect(nat).not.to.have.rule(masquerade('172.17.0.0/16'))
      },
    )

    step(
      'and both ends of its veth have the MTU of --mtu: 1400 bytes pass, one more does not',
      {
        covers: [
          'S002-71',
          differs(
            'S002-42',
            'that of docker0’s containers only: a network of one’s own keeps 1500 and has an option of its own',
          ),
        ],
      },
      async () => {
        await expect(look.network('bridge')).to.show({ Options: { 'com.docker.network.driver.mtu': '1400' } })
        await expect(one.link('eth0')).to.show({ mtu: 1400 })
        const [veth] = await look.ports('docker0')
        await expect(look.peer(veth?.name ?? '')).to.be.pairedWith(one.peer('eth0'))
        await expect(look.link(veth?.name ?? '')).to.show({ mtu: 1400 })
        await expect(look.link('docker0')).to.show({ mtu: 1400 })
        // 20 bytes of IP and 8 of ICMP come on top.
        await $`docker exec one ping -c 1 -W 1 -M do -s 1372 192.168.1.5`
        const longer = await $`docker exec one ping -c 1 -W 1 -M do -s 1373 192.168.1.5`.nothrow()
        await expect(`${longer.stdout}${longer.stderr}`).to.print(/[Mm]essage too long/)

        await $`docker network create own`
        defer`docker network rm own`
        await $`docker run -d --name other --net own nginx:alpine`
        defer`docker rm -f other`
        await expect(look.bridgeBehind('other')).to.show(await look.bridge('own'))
        await expect(look.in({ container: 'other' }).link('eth0')).to.show({ mtu: 1500 })
        await $`docker rm -f other`
        await $`docker network rm own`
        await $`docker network create --opt com.docker.network.driver.mtu=1400 own`
        defer`docker network rm own`
        await $`docker run -d --name other --net own nginx:alpine`
        defer`docker rm -f other`
        await expect(look.bridgeBehind('other')).to.show(await look.bridge('own'))
        await expect(look.in({ container: 'other' }).link('eth0')).to.show({ mtu: 1400 })
        await $`docker rm -f other`
        await $`docker network rm own`
        await $`docker rm -f one`
      },
    )

    step(
      'without a port docker0 keeps 1400 from engine 26 on; before, it has what its ports have',
      {
        changed: [
          {
            since: 26,
            of: 'addresses and links',
            says: 'docker0 itself has the MTU of --mtu, also while it has no port; before, only its ports had it',
          },
        ],
      },
      async () => {
        await expect(look.ports('docker0')).to.show([])
        await expect(look.link('docker0')).to.show({ mtu: (await major()) < 26 ? 1500 : 1400 })
      },
    )

    step(
      'a container that runs over a restart of the engine is stopped; started again, it has an address of the new subnet',
      async () => {
        await $`docker run -d --name one --restart always nginx:alpine`
        defer`docker rm -f one`
        await expect(look.bridgeBehind('one')).to.show('docker0')
        await expect(look.http('http://192.168.1.1')).to.answer()
        const before = (await look.container('one'))?.State.Pid
        await $`service docker stop`
        // Of several such lines the last one counts.
        await $`echo 'DOCKER_OPTS="--bip=192.168.1.65/26"' >> /etc/default/docker`
        await $`service docker start`
        await expect(look.engine()).to.be.present()
        await expect(look.link('docker0')).to.have.address('192.168.1.65/26')
        await expect(one.link('eth0')).to.show({ addresses: ['192.168.1.66/26'] })
        expect({ asBefore: (await look.container('one'))?.State.Pid === before }).to.deep.equal({ asBefore: false })
        await expect(look.http('http://192.168.1.66')).to.answer()
        await $`docker rm -f one`
      },
    )

    step(
      'the address of a subnet, and one without a mask, are refused: the engine does not start',
      {
        covers: [
          differs(
            'S002-37',
            'it sets docker0’s address too, and an address is needed: a mask or a subnet alone is refused',
          ),
        ],
      },
      async () => {
        await $`service docker stop`
        for (const [bip, says] of [
          ['192.168.1.0/24', /failed to start daemon: .*failed to allocate gateway \(192\.168\.1\.0\)/],
          ['192.168.1.5', /failed to start daemon: .*invalid CIDR address: 192\.168\.1\.5/],
          ['/24', /failed to start daemon: .*invalid CIDR address: \/24/],
        ] as const) {
          await $`echo DOCKER_OPTS=--bip=${bip} >> /etc/default/docker`
          await $`service docker start`
          await expect(look.log('docker')).to.show(says)
          await expect(look.processes('dockerd')).to.be.absent()
        }
      },
    )

    step(
      'without the option docker0 keeps its address: the engine takes what it finds, and what it has stored',
      async () => {
        await $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`
        await $`service docker start`
        await expect(look.engine()).to.be.present()
        await expect(look.link('docker0')).to.have.address('192.168.1.65/26')
        // Not even a docker0 without an address gets another.
        await $`service docker stop`
        await $`ip addr flush dev docker0`
        await expect(look.addresses('docker0')).to.be.absent()
        await $`service docker start`
        await expect(look.engine()).to.be.present()
        await expect(look.link('docker0')).to.have.address('192.168.1.65/26')
        await $`service docker stop`
        await $`ip link delete docker0`
        await expect(look.link('docker0')).to.be.absent()
        await $`rm -r /var/lib/docker/network/files`
        await expect(look.files('/var/lib/docker/network/files')).to.be.absent()
        await $`service docker start`
        await expect(look.engine()).to.be.present()
        await expect(look.link('docker0')).to.have.address('172.17.0.1/16')
        // The former subnet is masqueraded for ever.
        await expect(nat).to.have.rule(masquerade('192.168.1.64/26'))
      },
    )
  },
)
