import { lab } from '../harness/index.ts'

const topology = `
  web-01                      guest                         web-01-net
 +----------------+          +-----------------------+     +----------------+
 | eth0         o-+----------+-o docker0             |     |                |
 | 172.17.0.2     |          |   172.17.0.1     XX   |     |                |
 +----------------+          |                  XX   |     |                |
                             |   br-<network id>   o-+-----+-o eth0         |
                             |   192.169.0.1         |     |   192.169.0.2  |
                             +-----------------------+     +----------------+
`

const network = 'myDockerStudyNet'

export default lab(
  {
    title: 'What stands between two networks, and what does not',
    document: '003_d09263ab2e1021ee',
    finds: 'one rule drops it, another since engine 28; a published port is a way around',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer, fixture }) => {
    const onDefault = { address: '' }
    const onOwn = { address: '', bridge: '' }
    const web01 = look.in({ container: 'web-01' })
    const web01net = look.in({ container: 'web-01-net' })
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    // Where bridged packets pass iptables, engine 28 drops them before they have reached the bridge: the wire is what sees them.
    const wire = (container: string) => ({ on: 'eth0', in: { container }, as: container })
    const echo = (destination: string) => ({ ip: { destination }, icmp: { type: 'echo-request' } })

    /** The rule that drops what comes from one network and goes to the other: a container's own since 28, before that the bridge's. */
    const isolation = async (to: { address: string; bridge: string }) =>
      (await major()) >= 28
        ? `-t raw -A PREROUTING -d ${to.address}/32 ! -i ${to.bridge} -j DROP`
        : `-A DOCKER-ISOLATION-STAGE-2 -o ${to.bridge} -j DROP`

    step('web-01 is on docker0, web-01-net on a network of its own; both serve', async () => {
      await $`docker run -d --name web-01 nginx:alpine`
      defer`docker rm -f web-01`
      await $`docker network create --driver bridge --subnet 192.169.0.0/16 --gateway 192.169.0.1 ${network}`
      defer`docker network rm ${network}`
      await $`docker run -d --name web-01-net --net ${network} nginx:alpine`
      defer`docker rm -f web-01-net`
      onDefault.address = (await look.container('web-01'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
      onOwn.address = (await look.container('web-01-net'))?.NetworkSettings.Networks[network]?.IPAddress ?? ''
      onOwn.bridge = await look.bridge(network)
      await expect(look.link(onOwn.bridge)).to.have.address('192.169.0.1/16')
      await expect(look.ports(onOwn.bridge)).to.show([{}])
      await expect(look.ports('docker0')).to.show([{}])
      await expect(look.http(`http://${onDefault.address}`)).to.answer()
      await expect(look.http(`http://${onOwn.address}`)).to.answer()
      // The way out is open to both: what stands between them is there for their sake.
      for (const container of [web01, web01net]) await expect(container.ping('203.0.113.1')).to.answer()
    })

    step(
      'from docker0 the other network’s container does not answer, though the packet is sent',
      { covers: ['S003-26', 'S004-27'] },
      async () => {
        const asked = await $`docker exec web-01 ping -c 1 -W 1 ${onOwn.address}`.nothrow()
        await expect(asked.stdout).to.print('100% packet loss')
        await expect(web01.ping(onOwn.address)).not.to.answer({
          capture: act => look.capture(wire('web-01'), { while: act }),
          frame: echo(onOwn.address),
        })
        const frames = await look.capture([wire('web-01'), onOwn.bridge], {
          while: () => $`docker exec web-01 ping -c 1 -W 1 ${onOwn.address}`.nothrow(),
        })
        await expect(frames).not.to.have.frame(
          { at: onOwn.bridge, ...echo(onOwn.address) },
          { witness: { at: 'web-01', ...echo(onOwn.address) } },
        )
      },
    )

    step('nor the other way round', { covers: ['S003-27'] }, async () => {
      await expect(web01net.ping(onDefault.address)).not.to.answer({
        capture: act => look.capture(wire('web-01-net'), { while: act }),
        frame: echo(onDefault.address),
      })
    })

    step(
      'it is one rule that drops it (the document does not say which)',
      {
        changed: [
          {
            since: 28,
            of: 'networks apart',
            says: 'What stands between two networks is a container’s own rule in table raw, before routing; before, a rule of DOCKER-ISOLATION-STAGE-2 for each bridge',
          },
        ],
      },
      async () => {
        const rule = await isolation(onOwn)
        const table = rule.startsWith('-t raw') ? 'raw' : 'filter'
        await expect(look.iptables({ table })).to.use(rule, {
          times: 1,
          while: () => $`docker exec web-01 ping -c 1 -W 1 ${onOwn.address}`.nothrow(),
        })
        const there = await isolation({ address: onDefault.address, bridge: 'docker0' })
        await expect(look.iptables({ table })).to.use(there, {
          times: 1,
          while: () => $`docker exec web-01-net ping -c 1 -W 1 ${onDefault.address}`.nothrow(),
        })
      },
    )

    step(
      'two networks of one’s own are as far apart: a business is reached within its network only, whatever it consists of',
      { covers: ['S003-27', 'S003-33'] },
      async () => {
        await $`docker network create order-net`
        defer`docker network rm order-net`
        const parts = ['order-db', 'order-redis', 'order-mq']
        for (const part of parts) {
          await $`docker run -d --name ${part} --net order-net nginx:alpine`
          defer`docker rm -f ${part}`
        }
        const bridge = await look.bridge('order-net')
        await expect(look.ports(bridge)).to.show([{}, {}, {}])
        await $`docker run -d --name order --net order-net centos sleep infinity`
        defer`docker rm -f order`
        await expect(look.bridgeBehind('order')).to.show(bridge)
        for (const part of parts) {
          const address = (await look.container(part))?.NetworkSettings.Networks['order-net']?.IPAddress ?? ''
          // The business itself goes on, by name too. A stranger in its own network could reach all of it.
          await expect(look.in({ container: 'order' }).http(`http://${address}`)).to.answer()
          await $`docker exec order curl -s -m 3 http://${part}`
          // Were the way there open, the reply would still be dropped: it must be the rule for this network that does it.
          await expect(look.iptables()).to.use(await isolation({ address, bridge }), {
            while: () =>
              expect(web01net.tcp(address, 80)).not.to.answer({
                capture: act => look.capture(wire('web-01-net'), { while: act }),
                frame: { ip: { destination: address }, tcp: { destinationPort: 80, flags: ['SYN'] } },
              }),
          })
          const asked = await $`docker exec web-01-net ping -c 1 ${part}`.nothrow()
          await expect(asked.stderr).to.print(new RegExp(`^ping: ${part}: `))
        }
        // Nor does the business reach the others.
        await expect(look.iptables()).to.use(await isolation(onOwn), {
          while: () =>
            expect(look.in({ container: 'order' }).tcp(onOwn.address, 80)).not.to.answer({
              capture: act => look.capture(wire('order'), { while: act }),
              frame: { ip: { destination: onOwn.address }, tcp: { destinationPort: 80, flags: ['SYN'] } },
            }),
        })
        await expect(look.in({ container: 'order' }).ping('203.0.113.1')).to.answer()
      },
    )

    step(
      'a published port is a way around it: by the guest’s own address the other network answers (the document does not say so)',
      async () => {
        await $`docker run -d --name shop --net ${network} -p 8088:80 nginx:alpine`
        defer`docker rm -f shop`
        await expect(look.ports(onOwn.bridge)).to.show([{}, {}])
        await expect(look.container('shop')).to.show({
          HostConfig: { PortBindings: { '80/tcp': { HostPort: '8088' } } },
        })
        await expect(web01.http('http://203.0.113.2:8088')).to.answer()
        await expect(web01.http('http://172.17.0.1:8088')).to.answer()
      },
    )

    step('and the guest reaches every one of them (the document does not say so)', async () => {
      const neighbour = await fixture.webServer('neighbour')
      defer`docker rm -f neighbour`
      for (const address of [onDefault.address, onOwn.address, neighbour.addresses.bridge]) {
        await expect(look.http(`http://${address}`)).to.answer()
      }
    })
  },
)
