import { lab } from '../harness/index.ts'

const topology = `
  fresh                    guest                            outside
 +----------------+       +---------------------------+    +-----------------+
 | eth0         o-+-------+-o veth                    |    |                 |
 | 192.168.5.2/24 |       |    bridge0           eth0 o----o   203.0.113.1   |
 +----------------+       |    192.168.5.1/24         |    |                 |
                          |                           |    +-----------------+
                          |    docker0: no port       |
                          +---------------------------+
`

export default lab(
  {
    title: 'A bridge of one’s own in the place of docker0',
    document: '002_4055c2f40a7b121a',
    finds:
      'it works as documented; docker0 need not be deleted and comes back, and what the engine has made for bridge0 in iptables outlives it',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const fresh = look.in({ container: 'fresh' })
    const outside = look.in({ netns: 'outside' })
    const nat = look.iptables({ table: 'nat' })
    const masquerade = '-t nat -A POSTROUTING -s 192.168.5.0/24 ! -o bridge0 -j MASQUERADE'
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''

    /** A new container is a port of bridge0, and looks out through it. */
    const isOnBridge0 = async () => {
      await $`docker run -d --name fresh -p 8088:80 nginx:alpine`
      defer`docker rm -f fresh`
      const printed = await $`brctl show`
      await expect(printed.stdout).to.print(/^bridge0\s+8000\.[0-9a-f]{12}\s+no\s+veth[0-9a-f]+$/m)
      const ports = await look.ports('bridge0')
      expect(ports).to.have.lengthOf(1)
      await expect(look.peer(ports[0]?.name ?? '')).to.be.pairedWith(fresh.peer('eth0'))
      const address = await addressOf('fresh')
      expect(address).to.match(/^192\.168\.5\.\d+$/)
      await expect(nat).to.have.rule(masquerade)
      await expect(nat).to.have.rule(
        `-t nat -A DOCKER ! -i bridge0 -p tcp --dport 8088 -j DNAT --to-destination ${address}:80`,
      )
      await expect(look.iptables()).to.have.rule(
        `-A DOCKER -d ${address} ! -i bridge0 -o bridge0 -p tcp --dport 80 -j ACCEPT`,
      )
      const addr = await $`docker exec fresh ip addr`
      await expect(addr.stdout).to.print(`inet ${address}/24 `)
      const route = await $`docker exec fresh ip route`
      await expect(route.stdout).to.print(/^default via 192\.168\.5\.1 dev eth0/m)
      await expect(route.stdout).to.print(new RegExp(`^192\\.168\\.5\\.0/24 dev eth0 .*src ${address}`, 'm'))
      await expect(fresh.link('eth0')).to.have.address(`${address}/24`)
      await expect(fresh.routes()).to.show({ destination: 'default', gateway: '192.168.5.1', link: 'eth0' })
    }

    step(
      'the service stops, its containers with it; docker0 stays, until it is deleted',
      { covers: ['S002-75'] },
      async () => {
        await $`docker run -d --name old nginx:alpine`
        defer`docker rm -f old`
        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }])
        // A first process has no use for a SIGTERM that comes before it asks for it.
        await expect(look.http(`http://${await addressOf('old')}`)).to.answer()
        await expect(look.link('docker0')).to.be.bridge()
        await $`service docker stop`
        defer(async () => {
          await $`service docker start`
          await expect(look.engine()).to.be.present()
        })
        await expect(look.engine()).to.be.absent()
        const refused = await $`docker ps`.nothrow()
        await expect(refused.stderr).to.print(/Cannot connect to the Docker daemon/)
        await expect(look.ports('docker0')).to.show([])
        await expect(look.link('docker0')).to.have.address('172.17.0.1/16')
        await expect(look.link('docker0')).to.be.up()

        await $`ip link set dev docker0 down`
        await $`brctl delbr docker0`
        await expect(look.link('docker0')).to.be.absent()
      },
    )

    step('a bridge is made by hand: it has an address, is up, and has no port', { covers: ['S002-76'] }, async () => {
      await $`brctl addbr bridge0`
      defer`ip link delete bridge0`
      await $`ip addr add 192.168.5.1/24 dev bridge0`
      await $`ip link set dev bridge0 up`
      await $`ip addr show bridge0`
      await expect(look.link('bridge0')).to.be.bridge()
      await expect(look.link('bridge0')).to.be.up()
      await expect(look.link('bridge0')).to.have.address('192.168.5.1/24')
      await expect(look.ports('bridge0')).to.show([])
    })

    step(
      'with DOCKER_OPTS="-b=bridge0" a new container is a port of bridge0, has an address of its subnet, and it is its gateway',
      { covers: ['S002-77', 'S002-36'] },
      async () => {
        await $`echo 'DOCKER_OPTS="-b=bridge0"' >> /etc/default/docker`
        // A function: a later step runs this command for other options.
        defer(() => $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`)
        await $`service docker start`
        defer(async () => {
          await $`service docker stop`.nothrow()
          // What the engine made for bridge0 and does not take away itself; the last step says what that is.
          await $`iptables -t nat -D POSTROUTING -s 192.168.5.0/24 ! -o bridge0 -j MASQUERADE`
          await $`iptables -S FORWARD | sed -n '/bridge0/s/^-A/iptables -D/p' | sh`
        })
        await expect(look.engine()).to.be.present()
        await expect(look.network('bridge')).to.show({
          Options: { 'com.docker.network.bridge.name': 'bridge0' },
          IPAM: { Config: [{ Subnet: '192.168.5.0/24', Gateway: '192.168.5.1' }] },
        })
        await isOnBridge0()
      },
    )

    step('it is served as on docker0: masqueraded on the way out, published on the way in', async () => {
      const address = await addressOf('fresh')
      await expect(nat).to.have.rule(masquerade)
      const frames = await look.capture(['bridge0', 'eth0'], {
        filter: 'icmp',
        while: () => expect(nat).to.use(masquerade, { while: () => $`docker exec fresh ping -c 1 114.114.114.114` }),
      })
      await expect(frames).to.have.rewrite({
        from: { at: 'bridge0', ip: { source: address }, icmp: { type: 'echo-request' } },
        to: { at: 'eth0', ip: { source: '203.0.113.2' }, icmp: { type: 'echo-request' } },
      })
      await expect(outside.http('http://203.0.113.2:8088')).to.show({
        status: 200,
        seenFrom: { address: '203.0.113.1' },
      })
    })

    step('a container of before moves along when it is started: it gets an address of bridge0’s', async () => {
      await $`docker start old`
      await expect(look.ports('bridge0')).to.show([{ state: 'forwarding' }, { state: 'forwarding' }])
      expect(await addressOf('old')).to.match(/^192\.168\.5\.\d+$/)
      await expect(look.in({ container: 'old' }).routes()).to.show({ destination: 'default', gateway: '192.168.5.1' })
      await expect(fresh.ping(await addressOf('old'))).to.answer()
      await $`docker rm -f old`
      await expect(look.container('old')).to.be.absent()
    })

    step('docker0 is there again, without a port: the engine has remembered it, and had it made', async () => {
      await expect(look.link('docker0')).to.be.bridge()
      await expect(look.link('docker0')).to.have.address('172.17.0.1/16')
      await expect(look.ports('docker0')).to.show([])
      await $`docker rm -f fresh`
      await expect(look.container('fresh')).to.be.absent()
    })

    step('--bridge=bridge0 says the same', { covers: ['S002-36'] }, async () => {
      await $`service docker stop`
      await expect(look.engine()).to.be.absent()
      await $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`
      await $`echo 'DOCKER_OPTS="--bridge=bridge0"' >> /etc/default/docker`
      expect((await $`grep ^DOCKER_OPTS= /etc/default/docker`).stdout).to.equal('DOCKER_OPTS="--bridge=bridge0"\n')
      await $`service docker start`
      await expect(look.engine()).to.be.present()
      await isOnBridge0()
      await $`docker rm -f fresh`
      await expect(look.container('fresh')).to.be.absent()
    })

    step(
      'bridge0 is nobody’s but ours: the engine leaves it when it stops, and does not start without it',
      async () => {
        await $`service docker stop`
        await expect(look.engine()).to.be.absent()
        await expect(look.link('bridge0')).to.have.address('192.168.5.1/24')
        await $`ip link delete bridge0`
        await expect(look.link('bridge0')).to.be.absent()
        await $`service docker start`
        await expect(look.log('docker')).to.show(
          /failed to start daemon: .*bridge device with non default name bridge0 must be created manually/,
        )
        await expect(look.engine()).to.be.absent()
      },
    )

    step(
      'without the option docker0 serves again; the rule that masquerades bridge0’s subnet stays',
      {
        changed: [
          {
            since: 28,
            of: 'forwarding and filtering',
            says: 'In FORWARD nothing is left of a bridge that the engine does not use any more; before, its rules stayed',
          },
        ],
      },
      async () => {
        await $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`
        expect((await $`grep ^DOCKER_OPTS= /etc/default/docker`.nothrow()).stdout).to.equal('')
        await $`service docker start`
        await expect(look.engine()).to.be.present()
        await $`docker run -d --name fresh nginx:alpine`
        await expect(fresh.routes()).to.show({ destination: 'default', gateway: '172.17.0.1' })
        await expect(look.ports('docker0')).to.show({ bridge: 'docker0' })
        await expect(nat).to.have.rule(masquerade)
        const version = await $`docker version -f '{{.Server.Version}}'`
        const accept = '-A FORWARD -i bridge0 ! -o bridge0 -j ACCEPT'
        if (Number.parseInt(version.stdout, 10) < 28) await expect(look.iptables()).to.have.rule(accept)
        else await expect(look.iptables()).not.to.have.rule(accept)
        await $`docker rm -f fresh`
        await expect(look.container('fresh')).to.be.absent()
      },
    )
  },
)
