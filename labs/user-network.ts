import { differs, holds, lab } from '../harness/index.ts'

const topology = `
  web-01-net                 guest                        web-02-net
 +-----------------+        +----------------------+     +-----------------+
 | eth0          o-+--------+-o br-<network id>  o-+-----+-o          eth0 |
 | 192.169.0.2     |        |   192.169.0.1        |     |     192.169.0.3 |
 +-----------------+        |                      |     +-----------------+
   resolver 127.0.0.11      |   docker0            |
                            |   172.17.0.1       o-+------- web-01 (no names)
                            +----------------------+
`

const network = 'myDockerStudyNet'

export default lab(
  {
    title: 'A network of one’s own: addresses and names',
    document: '003_d09263ab2e1021ee',
    finds: 'names hold; the MAC address is made of the IP address only up to engine 26',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const addressOf = async (container: string) =>
      (await look.container(container))?.NetworkSettings.Networks[network]?.IPAddress ?? ''
    const bridge = async () => await look.bridge(network)
    const ping = (from: string, to: string) => $`docker exec ${from} ping -c 1 ${to}`

    step('docker network has seven subcommands', { covers: ['S003-14'] }, async () => {
      const { stdout } = await $`docker network --help`
      const commands = [...stdout.matchAll(/^ {2}(\w+) +[A-Z]/gm)].map(([, name]) => name)
      expect(commands).to.deep.equal(['connect', 'create', 'disconnect', 'inspect', 'ls', 'prune', 'rm'])
    })

    step(
      'docker network create makes a bridge with the gateway’s address',
      { covers: ['S003-19', 'S003-20', 'S004-41'] },
      async () => {
        await $`docker network create --driver bridge --subnet 192.169.0.0/16 --gateway 192.169.0.1 ${network}`
        defer`docker network rm ${network}`
        await expect(look.network(network)).to.show({ Driver: 'bridge' })
        await expect(look.link(await bridge())).to.be.bridge()
        await expect(look.link(await bridge())).to.have.address('192.169.0.1/16')
        // 192.169.0.0/16 is nobody's private range: to the guest its real owners are out of reach from now on.
        await expect(look.routes()).to.show({ destination: '192.169.0.0/16', link: await bridge() })
      },
    )

    step(
      'docker network inspect shows a network without options and containers, of local scope',
      { covers: ['S003-21', 'S004-43'] },
      async () => {
        const { stdout } = await $`docker network inspect ${network}`
        const [shown] = JSON.parse(stdout)
        expect(shown).to.deep.include({ Scope: 'local', Driver: 'bridge', Options: {}, Containers: {} })
        expect(shown.IPAM).to.deep.include({ Options: {} })
        expect(shown.IPAM.Config[0]).to.deep.include({ Subnet: '192.169.0.0/16', Gateway: '192.169.0.1' })
      },
    )

    step('docker network ls lists it beside the engine’s own three', { covers: ['S004-42'] }, async () => {
      const { stdout } = await $`docker network ls`
      for (const line of [/ bridge +bridge +local$/m, / host +host +local$/m, / none +null +local$/m]) {
        await expect(stdout).to.print(line)
      }
      await expect(stdout).to.print(/ myDockerStudyNet +bridge +local$/m)
    })

    step(
      'its containers get the next addresses; their MACs are made of them up to engine 26',
      {
        covers: [
          holds('S003-22', { engine: '<28' }),
          differs('S003-22', 'the MACs are random', { engine: '>=28' }),
          'S004-08',
        ],
        changed: [
          {
            since: 28,
            of: 'addresses and links',
            says: 'A container’s MAC is drawn at random at each start; before, it was made of its IP address: 02:42 and the four octets',
          },
        ],
      },
      async () => {
        await $`docker run -itd --name web-01-net --net ${network} centos`
        defer`docker rm -f web-01-net`
        await $`docker run -itd --name web-02-net --net ${network} centos`
        defer`docker rm -f web-02-net`
        await $`docker network inspect ${network}`
        const version = await $`docker version -f '{{.Server.Version}}'`
        const random = Number.parseInt(version.stdout, 10) >= 28
        for (const [name, address, mac] of [
          ['web-01-net', '192.169.0.2/16', '02:42:c0:a9:00:02'],
          ['web-02-net', '192.169.0.3/16', '02:42:c0:a9:00:03'],
        ] as const) {
          const id = (await look.container(name))?.Id ?? ''
          const link = await look.in({ container: name }).link('eth0')
          await expect(look.network(network)).to.show({
            Containers: { [id]: { Name: name, IPv4Address: address, MacAddress: link?.mac ?? 'none' } },
          })
          expect(link?.addresses).to.include(address)
          expect({ madeOfAddress: link?.mac === mac }).to.deep.equal({ madeOfAddress: !random })
        }
        await expect(look.ports(await bridge())).to.show([{}, {}])
      },
    )

    step('they hear each other at their addresses, without a router between', { covers: ['S003-23'] }, async () => {
      await ping('web-01-net', '192.169.0.3')
      await expect(look.in({ container: 'web-01-net' }).ping('192.169.0.3')).to.show({ replies: [{ ttl: 64 }] })
      await expect(look.in({ container: 'web-02-net' }).ping('192.169.0.2')).to.show({ replies: [{ ttl: 64 }] })
      // Outside there is one between: the guest.
      await expect(look.in({ container: 'web-01-net' }).ping('203.0.113.1')).to.show({ replies: [{ ttl: 63 }] })
    })

    step(
      'they hear each other by name, and the answer’s name is NAME.NETWORK',
      { covers: ['S003-05', 'S003-24', 'S004-25', 'S004-26'] },
      async () => {
        const there = await ping('web-01-net', 'web-02-net')
        await expect(there.stdout).to.print('from web-02-net.myDockerStudyNet (192.169.0.3)')
        const back = await ping('web-02-net', 'web-01-net')
        await expect(back.stdout).to.print('from web-01-net.myDockerStudyNet (192.169.0.2)')
        // It is the engine's resolver that knows: the container's files don't.
        const resolver = await $`docker exec web-01-net cat /etc/resolv.conf`
        await expect(resolver.stdout).to.print(/^nameserver 127\.0\.0\.11$/m)
        const hosts = await $`docker exec web-01-net cat /etc/hosts`
        await expect(hosts.stdout).not.to.print('web-02-net')
        const asked = await $`docker exec web-01-net dig +short web-02-net @127.0.0.11`
        await expect(asked.stdout).to.print(/^192\.169\.0\.3$/m)
      },
    )

    step('a container that comes back with another address is found by its name', { covers: ['S003-25'] }, async () => {
      await $`docker stop -t 0 web-02-net`
      await $`docker run -itd --name squatter --net ${network} --ip 192.169.0.3 centos`
      defer`docker rm -f squatter`
      await $`docker start web-02-net`
      await expect(look.ports(await bridge())).to.show([{}, {}, {}])
      const address = await addressOf('web-02-net')
      expect(address)
        .to.match(/^192\.169\.0\.\d+$/)
        .and.not.to.equal('192.169.0.3')
      const { stdout } = await ping('web-01-net', 'web-02-net')
      await expect(stdout).to.print(`from web-02-net.myDockerStudyNet (${address})`)
      // Who remembers the address instead asks somebody else.
      const wrong = await ping('web-01-net', '192.169.0.3')
      await expect(wrong.stdout).to.print('from 192.169.0.3')
      expect(await addressOf('squatter')).to.equal('192.169.0.3')
    })

    step(
      'on docker0 there are no names (the document says so elsewhere)',
      { covers: [differs('S003-05', 'by name only on a network of one’s own; on docker0 there are no names')] },
      async () => {
        await $`docker run -itd --name web-01 centos`
        defer`docker rm -f web-01`
        await $`docker run -itd --name web-02 centos`
        defer`docker rm -f web-02`
        const ask = () => $`docker exec web-01 ping -c 1 web-02`.nothrow()
        const asked = await ask()
        expect(asked.exitCode).to.equal(2)
        await expect(asked.stderr).to.print(/^ping: web-02: /)
        const resolver = await $`docker exec web-01 cat /etc/resolv.conf`
        await expect(resolver.stdout).not.to.print('127.0.0.11')
        // The question leaves for the guest's own resolver, where nobody listens.
        const frames = await look.capture(['docker0', 'eth0'], { while: ask })
        await expect(frames).to.have.frame({ at: 'eth0', ip: { source: '203.0.113.2' }, udp: { destinationPort: 53 } })
        await expect(frames).to.have.frame({ at: 'docker0', icmp: { type: 'destination-unreachable' } })
        // Its neighbour is there: at its address it answers.
        await expect(look.ports('docker0')).to.show([{}, {}])
        const web02 = (await look.container('web-02'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
        await expect(look.in({ container: 'web-01' }).ping(web02)).to.answer()
      },
    )

    step(
      'docker network rm refuses while containers are on it, then takes the bridge away',
      { covers: ['S004-46'] },
      async () => {
        const link = await bridge()
        const refused = await $`docker network rm ${network}`.nothrow()
        expect(refused.exitCode).to.equal(1)
        // Which, it says in any order.
        await expect(refused.stderr.replace(/ \(name:.*\)/, '')).to.print(/has active endpoints/)
        await expect(look.link(link)).to.be.present()
        await $`docker rm -f web-01-net`
        await $`docker rm -f web-02-net`
        await $`docker rm -f squatter`
        await $`docker network rm ${network}`
        await expect(look.network(network)).to.be.absent()
        await expect(look.link(link)).to.be.absent()
      },
    )
  },
)
