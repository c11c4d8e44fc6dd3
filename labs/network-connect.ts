import { differs, holds, isFalse, lab } from '../harness/index.ts'

const topology = `
  web-02          web-01                                    web-01-net  web-02-net
 +----------+    +-------------------------------------+   +----------+ +----------+
 | 172.17…  |    | eth0 172.17…       eth1 192.169.0.4 |   | .0.2     | | .0.3     |
 +----o-----+    +---o-------------------------o-------+   +----o-----+ +----o-----+
      |              |                         |                |            |
   ===o==============o===== docker0        ====o================o============o====
                                               myDockerStudyNet 192.169.0.0/16
`

const network = 'myDockerStudyNet'

export default lab(
  {
    title: 'One container on two networks',
    document: '003_d09263ab2e1021ee',
    finds: 'it hears both, and is no way through: the networks stay apart',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const web01 = look.in({ container: 'web-01' })
    const web02 = { address: '' }
    const ping = (from: string, to: string) => $`docker exec ${from} ping -c 1 -W 1 ${to}`

    step('two containers are on docker0, two on a network of their own; each finds its way out', async () => {
      await $`docker network create --driver bridge --subnet 192.169.0.0/16 --gateway 192.169.0.1 ${network}`
      defer`docker network rm ${network}`
      await expect(look.network(network)).to.show({
        Driver: 'bridge',
        IPAM: { Config: [{ Subnet: '192.169.0.0/16', Gateway: '192.169.0.1' }] },
      })
      for (const [name, on] of [
        ['web-01-net', network],
        ['web-02-net', network],
        ['web-01', 'bridge'],
        ['web-02', 'bridge'],
      ] as const) {
        await $`docker run -itd --name ${name} --net ${on} centos`
        defer`docker rm -f ${name}`
        await expect(look.bridgeBehind(name)).to.show(await look.bridge(on))
        await expect(look.in({ container: name }).ping('203.0.113.1')).to.answer()
      }
      web02.address = (await look.container('web-02'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
    })

    step(
      'docker network connect has the documented options',
      {
        covers: [
          holds('S003-28', { engine: '<28' }),
          differs('S003-28', 'there is gw-priority as well', { engine: '>=28' }),
        ],
        changed: [{ since: 28, of: 'commands and the API', says: 'docker network connect has --gw-priority' }],
      },
      async () => {
        const { stdout } = await $`docker network connect --help`
        const options = [...stdout.matchAll(/^ +--([a-z0-9-]+) /gm)].map(([, name]) => name)
        const version = await $`docker version -f '{{.Server.Version}}'`
        const more = Number.parseInt(version.stdout, 10) >= 28 ? ['gw-priority'] : []
        const documented = ['alias', 'driver-opt', 'ip', 'ip6', 'link', 'link-local-ip']
        expect(options.filter(name => name && documented.includes(name))).to.deep.equal(documented)
        expect(options.filter(name => name && !documented.includes(name))).to.deep.equal(more)
      },
    )

    step(
      'web-01 gets a second interface and a second address, and keeps the first',
      { covers: ['S003-29', 'S004-44', 'S004-05'] },
      async () => {
        const before = await web01.link('eth0')
        await $`docker network connect ${network} web-01`
        defer`docker network disconnect ${network} web-01`
        await $`docker network inspect ${network}`
        const id = (await look.container('web-01'))?.Id ?? ''
        await expect(look.network(network)).to.show({ Containers: { [id]: { IPv4Address: '192.169.0.4/16' } } })
        await expect(web01.link('eth1')).to.have.address('192.169.0.4/16')
        await expect(look.bridgeBehind('web-01', 'eth1')).to.show(await look.bridge(network))
        await expect(web01.link('eth0')).to.show({ addresses: before?.addresses ?? [], mac: before?.mac ?? 'none' })
        expect((await web01.link('eth1'))?.mac).not.to.equal(before?.mac)
        // Everything else still leaves by the first.
        await expect(web01.routes()).to.show({ destination: 'default', gateway: '172.17.0.1', link: 'eth0' })
        await expect(web01.ping('203.0.113.1')).to.answer()
      },
    )

    step(
      'the three containers of the network hear one another, by name',
      { covers: ['S003-30', 'S004-27'] },
      async () => {
        for (const [from, to] of [
          ['web-01', 'web-01-net'],
          ['web-01', 'web-02-net'],
          ['web-01-net', 'web-01'],
          ['web-02-net', 'web-01'],
          ['web-01-net', 'web-02-net'],
        ] as const) {
          const { stdout } = await ping(from, to)
          await expect(stdout).to.print(`from ${to}.${network} (192.169.0.`)
        }
        // And its old neighbour as before.
        await expect(web01.ping(web02.address)).to.answer()
      },
    )

    step(
      'but it does not join the networks: web-02 and web-02-net stay apart, and web-01 forwards nothing',
      {
        covers: [
          isFalse(
            'S003-31',
            'only the connected container is in both; its networks stay apart, and it is no way through',
          ),
        ],
      },
      async () => {
        await expect(look.in({ container: 'web-02' }).ping('192.169.0.3')).not.to.answer({
          capture: act => look.capture({ on: 'eth0', in: { container: 'web-02' } }, { while: act }),
          frame: { ip: { destination: '192.169.0.3' }, icmp: { type: 'echo-request' } },
        })
        // Neither way does the guest hand anything from bridge to bridge.
        for (const [asker, ip, bridge] of [
          ['web-02', '192.169.0.3', await look.bridge(network)],
          ['web-02-net', web02.address, 'docker0'],
        ] as const) {
          const points = [{ on: 'eth0', in: { container: asker }, as: asker }, bridge]
          const frames = await look.capture(points, { filter: 'icmp', while: () => ping(asker, ip).nothrow() })
          const request = { ip: { destination: ip }, icmp: { type: 'echo-request' } }
          await expect(frames).not.to.have.frame({ at: bridge, ...request }, { witness: { at: asker, ...request } })
        }
        // Not even by way of web-01 on purpose: what is handed to it never comes to the other network.
        const eth0 = await web01.link('eth0')
        const pid = (await look.container('web-02'))?.State.Pid ?? 0
        const gateway = eth0?.addresses[0]?.split('/')[0] ?? ''
        await $`nsenter -t ${pid} -n ip route add 192.169.0.0/16 via ${gateway}`
        await expect(look.in({ container: 'web-02' }).routes()).to.show({ destination: '192.169.0.0/16', gateway })
        await expect(look.in({ container: 'web-02' }).ping('192.169.0.3')).not.to.answer({
          capture: act => look.capture({ on: 'eth0', in: { container: 'web-02' } }, { while: act }),
          frame: {
            ethernet: { destination: eth0?.mac ?? '' },
            ip: { destination: '192.169.0.3' },
            icmp: { type: 'echo-request' },
          },
        })
      },
    )

    step('docker network disconnect takes the interface away again', { covers: ['S004-45'] }, async () => {
      await $`docker network disconnect ${network} web-01`
      await expect(web01.link('eth1')).to.be.absent()
      await expect(web01.link('eth0')).to.be.present()
      const asked = await ping('web-01', 'web-01-net').nothrow()
      await expect(asked.stderr).to.print(/^ping: web-01-net: /)
    })
  },
)
