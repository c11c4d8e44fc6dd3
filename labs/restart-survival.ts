import { lab } from '../harness/index.ts'

const topology = `
  box                       guest                           outside
 +----------------+        +-----------------------------+    +-----------------+
 | eth0         o-+--------+-o veth…                     |    |                 |
 | + .200         |        |        docker0              |    |   203.0.113.1   |
 | B 10.1.1.2/32 o+--------+-o A    172.17.0.1/16        |    |                 |
 +----------------+        |        + 192.0.2.1/24  eth0 o----o                 |
  back, --restart=always   |                 203.0.113.2 |    +-----------------+
 +----------------+        |                             |
 | eth0         o-+--------+-o veth…  8080 -> 80         |
 +----------------+        +-----------------------------+
`

export default lab(
  {
    title: 'What of a network made by hand is there after a restart: of a container, of the engine',
    document: null,
    finds:
      'in a container nothing, however it is restarted, unless the engine restarts with --live-restore; in the guest all but what was put into the engine’s own chains, and a rule put before Docker’s stands behind them',
    topology,
    engine: true,
    unseen: [
      {
        mutation: /^-A → -I in nsenter .* iptables -A INPUT /,
        because: 'a container’s netns has no other rule in that chain',
      },
    ],
  },
  ({ $, look, expect, step, defer }) => {
    const box = look.in({ container: 'box' })
    const back = look.in({ container: 'back' })
    const outside = look.in({ netns: 'outside' })
    const filter = look.iptables({ table: 'filter' })
    const nat = look.iptables({ table: 'nat' })
    const drop = '-A INPUT -p tcp -m tcp --dport 81 -j DROP'
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
    const macOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.MacAddress ?? ''
    const pidOf = async (name: string) => (await look.container(name))?.State.Pid ?? 0
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const restartEngine = async () => {
      await $`service docker stop`
      await expect(look.engine()).to.be.absent()
      await $`service docker start`
      await expect(look.engine()).to.be.present()
    }

    /** An address, a route, a setting and a rule, made in a container's netns from the guest. */
    const furnish = async (name: string) => {
      const pid = await pidOf(name)
      await $`nsenter -t ${pid} -n ip addr add 172.17.0.200/16 dev eth0`
      await $`nsenter -t ${pid} -n ip route add 198.51.100.0/24 via 172.17.0.1`
      await $`nsenter -t ${pid} -n sysctl -w net.ipv4.ip_default_ttl=99`
      await $`nsenter -t ${pid} -n iptables -A INPUT -p tcp --dport 81 -j DROP`
    }
    const isFurnished = async (at: typeof box) => {
      await expect(at.addresses('eth0')).to.show({ address: '172.17.0.200', prefixLength: 16 })
      await expect(at.routes()).to.show({ destination: '198.51.100.0/24', gateway: '172.17.0.1' })
      await expect(at.sysctl('net.ipv4.ip_default_ttl')).to.show('99')
      await expect(at.iptables({ table: 'filter' })).to.have.rule(drop)
      await expect(look.ping('172.17.0.200')).to.show({ replies: [{ ttl: 99 }] })
    }
    const isBare = async (name: string) => {
      const at = look.in({ container: name })
      await expect(at.link('eth0')).to.be.up()
      await expect(look.bridgeBehind(name)).to.show('docker0')
      await expect(at.routes()).to.show({ destination: 'default', gateway: '172.17.0.1' })
      await expect(at.addresses('eth0')).not.to.show({ address: '172.17.0.200' })
      await expect(at.routes()).not.to.show({ destination: '198.51.100.0/24' })
      await expect(at.sysctl('net.ipv4.ip_default_ttl')).to.show('64')
      await expect(at.iptables({ table: 'filter' })).not.to.have.rule(drop)
    }

    step(
      'in box’s netns there are an address, a route, a setting, a rule and a wire that the engine does not know',
      async () => {
        await $`docker run -d --name box nginx:alpine`
        defer`docker rm -f box`
        await furnish('box')
        await isFurnished(box)
        await $`ln -s /proc/${await pidOf('box')}/ns/net /var/run/netns/box`
        defer`rm -f /var/run/netns/box`
        await $`ip link add A type veth peer name B netns box`
        await $`ip addr add 10.1.1.1/32 dev A`
        await $`ip link set A up`
        await expect(look.link('A')).to.have.address('10.1.1.1/32')
        await $`ip route add 10.1.1.2/32 dev A`
        await expect(look.routes()).to.show({ destination: '10.1.1.2', link: 'A' })
        await $`ip netns exec box ip addr add 10.1.1.2/32 dev B`
        await $`ip netns exec box ip link set B up`
        await expect(box.link('B')).to.have.address('10.1.1.2/32')
        await $`ip netns exec box ip route add 10.1.1.1/32 dev B`
        await expect(box.routes()).to.show({ destination: '10.1.1.1', link: 'B' })
        await expect(look.peer('A')).to.be.pairedWith(box.peer('B'))
        await expect(look.ping('10.1.1.2')).to.answer()
        const known = (await look.container('box'))?.NetworkSettings.Networks.bridge
        expect(known?.IPAddress).not.to.equal('172.17.0.200')
      },
    )

    step('a pause takes nothing away', async () => {
      await $`docker pause box`
      await expect(look.container('box')).to.show({ State: { Paused: true } })
      await $`docker unpause box`
      await expect(look.container('box')).to.show({ State: { Paused: false } })
      await isFurnished(box)
      await expect(look.peer('A')).to.be.pairedWith(box.peer('B'))
    })

    step(
      'docker restart gives it another netns: all that is gone, with the guest’s end of the wire',
      {
        changed: [
          {
            since: 28,
            of: 'addresses and links',
            says: 'A container’s MAC is drawn at random at each start; before, it was made of its IP address: 02:42 and the four octets',
          },
        ],
      },
      async () => {
        const before = { address: await addressOf('box'), mac: await macOf('box') }
        await $`docker restart -t 0 box`
        await isBare('box')
        await expect(look.link('A')).to.be.absent()
        await expect(box.link('B')).to.be.absent()
        await expect(look.routes()).not.to.show({ destination: '10.1.1.2' })
        // What the engine gave it it gives again, but for a MAC that is made up.
        expect(await addressOf('box')).to.equal(before.address)
        expect({ sameMac: (await macOf('box')) === before.mac }).to.deep.equal({ sameMac: (await major()) < 28 })
      },
    )

    step('and the name that its netns had leads nowhere', async () => {
      await expect(look.netns()).not.to.show({ name: 'box' })
      const asked = await $`ip netns exec box true`.nothrow()
      expect(asked.exitCode).not.to.equal(0)
      await expect(asked.stderr).to.print(
        /Cannot open network namespace "box"|setting the network namespace "box" failed/,
      )
      await $`ln -sfn /proc/${await pidOf('box')}/ns/net /var/run/netns/box`
      const { stdout } = await $`ip netns exec box ip addr`
      await expect(stdout).to.print(await addressOf('box'))
    })

    step('a container that the engine starts again by itself has lost it as well', async () => {
      await $`docker run -d --name back --restart=always -p 8080:80 nginx:alpine`
      defer`docker rm -f back`
      await expect(look.bridgeBehind('back')).to.show('docker0')
      await expect(outside.http('http://203.0.113.2:8080')).to.show({ seenFrom: { address: '203.0.113.1' } })
      await furnish('back')
      await isFurnished(back)
      const before = await pidOf('back')
      await $`kill -9 $(docker inspect -f '{{.State.Pid}}' back)`
      await expect(look.container('back')).to.show({
        State: { Running: true, Pid: (pid: unknown) => pid !== before && pid !== 0 },
      })
      await isBare('back')
    })

    const masquerade = '-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'
    const mine = '-t nat -A POSTROUTING -s 192.0.2.0/24 -j MINE'
    const closing = '-A FORWARD -i eth0 -p tcp -m tcp --dport 80 -j DROP'
    const request = { ip: { source: '203.0.113.1' }, tcp: { destinationPort: 8080, flags: ['SYN'] } }
    const isClosed = () =>
      expect(outside.tcp('203.0.113.2', 8080)).not.to.answer({
        capture: act => look.capture('eth0', { while: act }),
        frame: request,
      })

    step(
      'in the guest: an address and a port of docker0, a route through it, rules in chains of all kinds',
      async () => {
        await $`ip addr add 192.0.2.1/24 dev docker0`
        defer`ip addr del 192.0.2.1/24 dev docker0`
        await expect(look.link('docker0')).to.have.address('192.0.2.1/24')
        await $`ip link add hand type veth peer name other`
        defer`ip link delete hand`
        await $`ip link set hand master docker0 up`
        await expect(look.link('hand')).to.be.portOf('docker0')
        const gateway = await addressOf('box')
        await $`ip route add 198.51.100.0/24 via ${gateway}`
        defer`ip route del 198.51.100.0/24`
        await expect(look.routes()).to.show({ destination: '198.51.100.0/24', gateway, link: 'docker0' })
        await $`iptables -t nat -N MINE`
        defer`iptables -t nat -X MINE`
        await $`iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MINE`
        defer`iptables -t nat -D POSTROUTING -s 192.0.2.0/24 -j MINE`
        await expect(nat).to.have.ruleBefore(masquerade, mine)
        await $`iptables -t nat -I DOCKER -s 192.0.2.9 -j RETURN`
        await expect(nat).to.have.rule('-t nat -A DOCKER -s 192.0.2.9/32 -j RETURN', { position: 1 })
        await $`iptables -I DOCKER -s 192.0.2.9 -j ACCEPT`
        await expect(filter).to.have.rule('-t filter -A DOCKER -s 192.0.2.9/32 -j ACCEPT', { position: 1 })
        await expect(outside.http('http://203.0.113.2:8080')).to.answer()
        await $`iptables -I FORWARD -i eth0 -p tcp --dport 80 -j DROP`
        defer`iptables -D FORWARD -i eth0 -p tcp --dport 80 -j DROP`
        await expect(filter).to.have.rule(`-t filter ${closing}`, { position: 1 })
        await expect(filter).to.use(`-t filter ${closing}`, { while: isClosed })
      },
    )

    step(
      'a restart of the engine leaves links, addresses, routes, chains and rules, but those in its own chains',
      async () => {
        await restartEngine()
        await expect(look.link('docker0')).to.have.address('192.0.2.1/24')
        await expect(look.link('hand')).to.be.portOf('docker0')
        await expect(look.routes()).to.show({ destination: '198.51.100.0/24', link: 'docker0' })
        await expect(nat).to.have.ruleBefore(masquerade, mine)
        await expect(filter).to.have.rule(`-t filter ${closing}`)
        await expect(nat).not.to.have.rule('-t nat -A DOCKER -s 192.0.2.9/32 -j RETURN')
        await expect(filter).not.to.have.rule('-t filter -A DOCKER -s 192.0.2.9/32 -j ACCEPT')
      },
    )

    step('but the rule that was first is behind Docker’s now, and the port that it closed is open', async () => {
      await expect(filter).to.have.ruleBefore('-t filter -A FORWARD -j DOCKER-USER', `-t filter ${closing}`)
      await expect(filter).not.to.use(`-t filter ${closing}`, {
        while: () => expect(outside.http('http://203.0.113.2:8080')).to.answer(),
      })
      await $`iptables -D FORWARD -i eth0 -p tcp --dport 80 -j DROP`
      await expect(filter).not.to.have.rule(`-t filter ${closing}`)
    })

    step('in DOCKER-USER it closes the port before and after', async () => {
      const own = '-t filter -A DOCKER-USER -i eth0 -p tcp -m tcp --dport 80 -j DROP'
      await $`iptables -I DOCKER-USER -i eth0 -p tcp --dport 80 -j DROP`
      defer`iptables -D DOCKER-USER -i eth0 -p tcp --dport 80 -j DROP`
      await expect(filter).to.use(own, { while: isClosed })
      await restartEngine()
      await expect(filter).to.have.rule(own, { position: 1 })
      await expect(filter).to.use(own, { while: isClosed })
      await $`iptables -D DOCKER-USER -i eth0 -p tcp --dport 80 -j DROP`
      await expect(outside.http('http://203.0.113.2:8080')).to.answer()
    })

    step('who starts first has the first address: a route by way of box leads to back', async () => {
      await expect(look.container('box')).to.show({ State: { Running: false } })
      await isBare('back')
      const [route] = (await look.routes()).filter(({ destination }) => destination === '198.51.100.0/24')
      expect(await addressOf('back')).to.equal(route?.gateway)
      await $`docker start box`
      await expect(look.bridgeBehind('box')).to.show('docker0')
      expect(await addressOf('box')).not.to.equal(route?.gateway)
      const mac = await macOf('back')
      const frames = await look.capture('docker0', {
        filter: 'icmp',
        while: () => $`ping -c 1 -W 1 198.51.100.1`.nothrow(),
      })
      await expect(frames).to.have.frame({
        ethernet: { destination: mac },
        ip: { destination: '198.51.100.1' },
        icmp: { type: 'echo-request' },
      })
    })

    step('with --live-restore containers outlive the engine, and with them all that was made in them', async () => {
      await $`echo DOCKER_OPTS=--live-restore >> /etc/default/docker`
      defer(async () => {
        await $`service docker stop`
        await $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`
        await $`service docker start`
        await expect(look.engine()).to.be.present()
      })
      await restartEngine()
      await $`docker start box`
      await furnish('box')
      const before = { pid: await pidOf('box'), address: await addressOf('box') }
      await $`service docker stop`
      await expect(look.engine()).to.be.absent()
      await expect(look.ping('172.17.0.200')).to.answer()
      await $`service docker start`
      await expect(look.engine()).to.be.present()
      expect({ pid: await pidOf('box'), address: await addressOf('box') }).to.deep.equal(before)
      await isFurnished(box)
      await expect(outside.http('http://203.0.113.2:8080')).to.answer()
      await $`docker rm -f box`
      await $`docker rm -f back`
    })
  },
)
