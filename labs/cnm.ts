import { differs, lab } from '../harness/index.ts'

const topology = `
  sandbox of client       network left         sandbox of web      network right
 +-----------------+     +--------------+     +---------------+   +--------------+
 | lo         eth0 o-----o bridge br-…  o-----o eth0     eth1 o---o bridge br-…  |
 | routes, rules   |  ^  |  gateway     |  ^  |               | ^ |  gateway     |
 +-----------------+  |  +--------------+  |  +---------------+ | +--------------+
                   endpoint             endpoint             endpoint
`

export default lab(
  {
    title: 'Sandbox, endpoint, network: each one that can be seen and entered',
    document: '004_1c2b727b65294316',
    finds:
      'a sandbox is a netns, and what is DNS in it lies beside; host and container mode have none of their own; endpoints of host and none have no address',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const client = look.in({ container: 'client' })
    const inspected = async (name: string) => {
      const found = await look.container(name)
      if (!found) throw new Error(`there is no container ${name}`)
      return found
    }
    const sandboxOf = async (name: string) => (await inspected(name)).NetworkSettings.SandboxKey
    const endpointsOf = async (name: string) => (await inspected(name)).NetworkSettings.Networks
    /** The kernel’s own name for a netns: net:[4026531840]. */
    const inode = async (path: string) => (await $`nsenter --net=${path} readlink /proc/self/ns/net`).stdout.trim()
    const netnsOf = async (name: string) => inode(`/proc/${(await inspected(name)).State.Pid}/ns/net`)

    step(
      'a container on two networks has one sandbox and two endpoints, each with an id of its own',
      { covers: ['S004-01', 'S004-05'] },
      async () => {
        for (const network of ['left', 'right']) {
          await $`docker network create ${network}`
          defer`docker network rm ${network}`
        }
        await $`docker run -d --name web --net left nginx:alpine`
        defer`docker rm -f web`
        await $`docker network connect right web`
        await $`docker run -d --name client --net left centos sleep infinity`
        defer`docker rm -f client`
        const { NetworkSettings } = await inspected('web')
        await expect(look.container('web')).to.show({ NetworkSettings: { SandboxID: /^[0-9a-f]{64}$/ } })
        const endpoints = Object.entries(NetworkSettings.Networks)
        expect(endpoints.map(([network]) => network).sort()).to.deep.equal(['left', 'right'])
        expect(new Set(endpoints.map(([, { EndpointID }]) => EndpointID)).size).to.equal(2)
        const id = (await inspected('web')).Id
        for (const [network, { EndpointID, NetworkID }] of endpoints) {
          await expect(look.network(network)).to.show({ Id: NetworkID, Containers: { [id]: { EndpointID } } })
        }
      },
    )

    step(
      'each endpoint is a port of its own network’s bridge, at the other end of the container’s veth',
      { covers: ['S004-05', 'S004-06'] },
      async () => {
        for (const [network, containers] of [
          ['left', ['web', 'client']],
          ['right', ['web']],
        ] as const) {
          const ports = await look.ports(await look.bridge(network))
          expect(ports).to.have.lengthOf(containers.length)
          for (const container of containers) {
            const mac = (await endpointsOf(container))[network]?.MacAddress
            const inside = look.in({ container })
            const link = (await inside.links()).find(one => one.mac === mac)
            const peers = await Promise.all(ports.map(port => look.peer(port.name)))
            const end = await inside.peer(link?.name ?? '')
            const port = peers.find(peer => peer?.ifindex === end?.iflink)
            await expect(look.peer(port?.name ?? '')).to.be.pairedWith(inside.peer(link?.name ?? ''))
          }
        }
      },
    )

    step(
      'the sandbox is a netns, entered by its key: its interfaces and routes are there, and nobody else’s',
      {
        covers: [
          'S004-01',
          differs(
            'S004-03',
            'it is always a netns, and a whole one; what isn’t in a netns, its DNS, is in files beside',
          ),
        ],
      },
      async () => {
        const key = await sandboxOf('web')
        const type = await $`stat -f -c %T ${key}`
        expect(type.stdout).to.equal('nsfs\n')
        expect(await inode(key)).to.equal(await netnsOf('web'))
        const { left, right } = await endpointsOf('web')
        const entered = await $`nsenter --net=${key} ip addr`
        expect([...entered.stdout.matchAll(/^\d+: (\w+)/gm)].map(([, name]) => name)).to.have.members([
          ...['lo', 'eth0', 'eth1'],
        ])
        await expect(entered.stdout).to.print(`inet ${left?.IPAddress}/16`)
        await expect(entered.stdout).to.print(`inet ${right?.IPAddress}/16`)
        const routes = await $`nsenter --net=${key} ip route`
        await expect(routes.stdout).to.print(`default via ${left?.Gateway} dev eth0`)
        // Who enters the netns alone still reads the guest's resolv.conf: the container's is in its mount namespace.
        const guests = await $`nsenter --net=${key} cat /etc/resolv.conf`
        await expect(guests.stdout).to.print('nameserver 203.0.113.1')
        const own = await $`docker exec web cat /etc/resolv.conf`
        await expect(own.stdout).to.print('nameserver 127.0.0.11')
      },
    )

    step(
      'a container has a sandbox of its own: what changes in it, routes, addresses and DNS, no other one sees; unless it shares one',
      {
        covers: [differs('S004-02', 'with --net host it is the guest’s, with --net container:… the other container’s')],
      },
      async () => {
        const [web, other, guest] = [await netnsOf('web'), await netnsOf('client'), await inode('/proc/1/ns/net')]
        expect(new Set([web, other, guest]).size).to.equal(3)
        const key = await sandboxOf('web')
        await $`nsenter --net=${key} ip route add blackhole 198.51.100.0/24`
        await $`nsenter --net=${key} ip addr add 198.51.100.1/32 dev lo`
        await $`docker exec web sh -c 'echo nameserver 198.51.100.1 >/etc/resolv.conf'`
        const changed = look.in({ container: 'web' })
        await expect(changed.routes()).to.show({ type: 'blackhole', destination: '198.51.100.0/24' })
        await expect(changed.addresses('lo')).to.show({ address: '198.51.100.1', prefixLength: 32 })
        for (const elsewhere of [look, client]) {
          await expect(elsewhere.routes()).not.to.show({ destination: '198.51.100.0/24' })
          await expect(elsewhere.addresses('lo')).not.to.show({ address: '198.51.100.1' })
        }
        for (const resolver of [await $`docker exec client cat /etc/resolv.conf`, await $`cat /etc/resolv.conf`]) {
          await expect(resolver.stdout).not.to.print('198.51.100.1')
        }
        // Two that share one: there is one netns, one list of links, one DNS.
        await $`docker run -d --name host-mode --net host centos sleep infinity`
        defer`docker rm -f host-mode`
        expect(await netnsOf('host-mode')).to.equal(guest)
        expect(await inode(await sandboxOf('host-mode'))).to.equal(guest)
        await $`docker run -d --name guest-of-web --net container:web centos sleep infinity`
        defer`docker rm -f guest-of-web`
        expect(await netnsOf('guest-of-web')).to.equal(web)
        const shared = await $`docker exec guest-of-web cat /etc/resolv.conf`
        expect(shared.stdout).to.equal('nameserver 198.51.100.1\n')
      },
    )

    step(
      'from inside, a container sees its own sandbox only, and can neither enter nor make another; in host mode it sees the guest’s',
      { covers: [differs('S004-04', 'with --net host it sees and uses the guest’s, as if it ran there')] },
      async () => {
        const names = await $`docker exec client ls /sys/class/net`
        expect(names.stdout.split('\n').filter(Boolean)).to.deep.equal(['eth0', 'lo'])
        const links = await $`docker exec client ip -o link`
        expect(links.stdout.trim().split('\n')).to.have.lengthOf(2)
        for (const refused of [
          await $`docker exec client ip link set eth0 down`.nothrow(),
          await $`docker exec client unshare -n true`.nothrow(),
          await $`docker exec client nsenter -t 1 -n true`.nothrow(),
        ]) {
          expect(refused.exitCode).not.to.equal(0)
          await expect(refused.stderr).to.print('Operation not permitted')
        }
        // Its localhost is not the guest's: a port that answers there is not even asked.
        await $`docker run -d --name local -p 127.0.0.1:8088:80 nginx:alpine`
        defer`docker rm -f local`
        await expect(look.bridgeBehind('local')).to.show('docker0')
        await expect(look.http('http://127.0.0.1:8088')).to.answer()
        await expect(client.tcp('127.0.0.1', 8088)).not.to.answer({
          capture: act => look.capture({ on: 'lo', in: { container: 'client' } }, { while: act }),
          frame: { ip: { destination: '127.0.0.1' }, tcp: { destinationPort: 8088, flags: ['SYN'] } },
        })
        // In host mode it is, and the bridges are there to be seen.
        const guests = await $`docker exec host-mode ls /sys/class/net`
        await expect(guests.stdout).to.print(/^docker0$/m)
        const page = await $`docker exec host-mode curl -s -m 3 http://127.0.0.1:8088`
        await expect(page.stdout).to.print('Welcome to nginx!')
      },
    )

    step(
      'an endpoint has an address and a MAC that no other has; but those of host and none have neither, and no veth',
      {
        covers: [
          differs('S004-06', 'those of host and none have no veth pair, for all that they are endpoints'),
          differs(
            'S004-07',
            'those of host and none have neither; an address is refused to a second one, a MAC given by --mac-address is not',
          ),
        ],
      },
      async () => {
        const endpoints = [...Object.values(await endpointsOf('web')), ...Object.values(await endpointsOf('client'))]
        expect(endpoints).to.have.lengthOf(3)
        expect(new Set(endpoints.map(({ IPAddress }) => IPAddress).filter(Boolean)).size).to.equal(3)
        expect(new Set(endpoints.map(({ MacAddress }) => MacAddress).filter(Boolean)).size).to.equal(3)
        await $`docker run -d --name none-mode --net none centos sleep infinity`
        defer`docker rm -f none-mode`
        for (const [container, network] of [
          ['host-mode', 'host'],
          ['none-mode', 'none'],
        ] as const) {
          await expect(look.container(container)).to.show({
            NetworkSettings: {
              Networks: { [network]: { EndpointID: /^[0-9a-f]{64}$/, IPAddress: '', MacAddress: '' } },
            },
          })
        }
        const links = await look.in({ container: 'none-mode' }).links()
        expect(links.map(({ name }) => name)).to.include('lo')
        expect(links.filter(({ kind }) => kind === 'veth')).to.deep.equal([])
        // Who asks for another's address is refused; for its MAC, not.
        await $`docker network create --subnet 198.51.100.0/24 fixed`
        defer`docker network rm fixed`
        const fixed = await look.network('fixed')
        expect(fixed?.IPAM?.Config?.[0]?.Subnet).to.equal('198.51.100.0/24')
        await $`docker run -d --name one --net fixed --ip 198.51.100.9 --mac-address 02:00:00:00:00:09 centos sleep infinity`
        defer`docker rm -f one`
        const taken = await $`docker run -d --name two --net fixed --ip 198.51.100.9 centos sleep infinity`.nothrow()
        await $`docker rm -f two`
        await expect(look.container('two')).to.be.absent()
        expect(taken.exitCode).to.equal(125)
        await expect(taken.stderr).to.print('Address already in use')
        await $`docker run -d --name twin --net fixed --mac-address 02:00:00:00:00:09 centos sleep infinity`
        defer`docker rm -f twin`
        for (const name of ['one', 'twin']) {
          await expect(look.bridgeBehind(name)).to.show(await look.bridge('fixed'))
          await expect(look.in({ container: name }).link('eth0')).to.show({ mac: '02:00:00:00:00:09' })
        }
      },
    )

    step(
      'a network gives out addresses of its subnet, and routes to its gateway and out',
      { covers: ['S004-09'] },
      async () => {
        const [config] = (await look.network('left'))?.IPAM?.Config ?? []
        const bridge = await look.bridge('left')
        const { left } = await endpointsOf('client')
        const subnet = config?.Subnet ?? ''
        const beginning = subnet.replace(/0\.0\/16$/, '')
        expect(subnet).not.to.equal(beginning)
        expect(left?.IPAddress.startsWith(beginning)).to.equal(true)
        // What is free again is given out again.
        const run = () => $`docker run --rm --net left centos ip -4 -o addr show eth0`
        const first = /inet (\S+)/.exec((await run()).stdout)?.[1]
        expect(first?.startsWith(beginning)).to.equal(true)
        expect([left?.IPAddress, (await endpointsOf('web')).left?.IPAddress]).not.to.include(first?.replace('/16', ''))
        await expect(client.routes()).to.show({ destination: 'default', gateway: left?.Gateway ?? '', link: 'eth0' })
        await expect(client.routes()).to.show({ destination: subnet, link: 'eth0' })
        await expect(look.routes()).to.show({ destination: subnet, link: bridge })
        await expect(look.link(bridge)).to.have.address(`${left?.Gateway}/16`)
        // Out, by the gateway, forwarded and in the guest's name.
        const frames = await look.capture([bridge, 'eth0'], {
          filter: 'icmp',
          while: () => $`docker exec client ping -c 1 203.0.113.1`,
        })
        await expect(frames).to.have.rewrite({
          from: { at: bridge, ip: { source: left?.IPAddress ?? '', ttl: 64 }, icmp: { type: 'echo-request' } },
          to: { at: 'eth0', ip: { source: '203.0.113.2', ttl: 63 }, icmp: { type: 'echo-request' } },
        })
      },
    )

    step(
      'within a network it forwards by MAC, without a router; to another network nothing gets through, either way',
      { covers: ['S004-09'] },
      async () => {
        await $`docker run -d --name other --net right nginx:alpine`
        defer`docker rm -f other`
        const address = async (name: string, network: string) => (await endpointsOf(name))[network]?.IPAddress ?? ''
        await expect(look.bridgeBehind('other')).to.show(await look.bridge('right'))
        const there = await address('web', 'left')
        await expect(client.ping(there)).to.show({ replies: [{ ttl: 64 }] })
        const webs = (await endpointsOf('web')).left?.MacAddress ?? ''
        await expect(client.neighbours('eth0')).to.show({ address: there, mac: webs })
        await expect(look.in({ container: 'web' }).ping(await address('client', 'left'))).to.show({
          replies: [{ ttl: 64 }],
        })
        const onDocker0 = await address('local', 'bridge')
        // All are there: each answers its own network, and hears the outside.
        await expect(look.in({ container: 'web' }).ping(await address('other', 'right'))).to.answer()
        await expect(look.ping(onDocker0)).to.answer()
        for (const container of ['client', 'other', 'local']) {
          await expect(look.in({ container }).ping('203.0.113.1')).to.answer()
        }
        for (const [container, to, bridge] of [
          ['client', await address('other', 'right'), await look.bridge('right')],
          ['client', await address('web', 'right'), await look.bridge('right')],
          ['other', await address('client', 'left'), await look.bridge('left')],
          ['local', await address('client', 'left'), await look.bridge('left')],
          ['client', onDocker0, 'docker0'],
        ] as const) {
          const points = [{ on: 'eth0', in: { container }, as: container }, bridge]
          const frames = await look.capture(points, {
            filter: 'icmp',
            while: () => $`docker exec ${container} ping -c 1 -W 1 ${to}`.nothrow(),
          })
          const request = { ip: { destination: to }, icmp: { type: 'echo-request' } }
          await expect(frames).not.to.have.frame({ at: bridge, ...request }, { witness: { at: container, ...request } })
        }
      },
    )

    step(
      'bridge is what one gets unasked; host’s packets pass no bridge and no NAT, and nothing shields it; none has nobody; names need no address',
      { covers: ['S004-55'] },
      async () => {
        await $`docker run -d --name unasked centos sleep infinity`
        defer`docker rm -f unasked`
        await expect(look.bridgeBehind('unasked')).to.show('docker0')
        expect(Object.keys(await endpointsOf('unasked'))).to.deep.equal(['bridge'])
        const atOutside = { on: 'lan0', in: { netns: 'outside' }, as: 'outside' }
        const echo = { icmp: { type: 'echo-request' } }
        const nat = look.iptables({ table: 'nat' })
        const masquerade = '-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'
        for (const [name, ttl] of [
          ['unasked', 63],
          ['host-mode', 64],
        ] as const) {
          const ping = () => $`docker exec ${name} ping -c 1 203.0.113.1`
          const frames = await look.capture(atOutside, { filter: 'icmp', while: ping })
          await expect(frames).to.have.frame({ ip: { source: '203.0.113.2', ttl }, ...echo })
          if (name === 'unasked') await expect(nat).to.use(masquerade, { times: 1, while: ping })
          else await expect(nat).not.to.use(masquerade, { while: ping })
        }
        // What serves in host mode serves outside at once: no port is published, none needs be.
        const outside = look.in({ netns: 'outside' })
        await $`docker run -d --name host-web --net host nginx:alpine`
        defer`docker rm -f host-web`
        await expect(outside.http('http://203.0.113.2')).to.answer()
        const alone = await $`docker exec none-mode ping -c 1 203.0.113.1`.nothrow()
        await expect(alone.stderr).to.print('Network is unreachable')
        await expect(look.in({ container: 'none-mode' }).routes()).to.show([])
        const named = await $`docker exec client curl -s -m 3 http://web`
        await expect(named.stdout).to.print('Welcome to nginx!')
      },
    )

    step(
      'the engine has six drivers built in; two have one network only, overlay needs a swarm, and none’s is called null',
      {
        covers: [
          differs('S004-10', 'there are ipvlan and macvlan as well; the driver of the network none is called null'),
        ],
      },
      async () => {
        const { stdout } = await $`docker info -f '{{json .Plugins.Network}}'`
        expect(JSON.parse(stdout)).to.have.members(['bridge', 'host', 'ipvlan', 'macvlan', 'null', 'overlay'])
        await expect(look.network('none')).to.show({ Driver: 'null' })
        await expect(look.network('host')).to.show({ Driver: 'host' })
        await expect(look.network('left')).to.show({ Driver: 'bridge' })
        for (const [driver, why] of [
          ['host', 'only one instance of "host" network is allowed'],
          ['null', 'only one instance of "null" network is allowed'],
          ['overlay', 'This node is not a swarm manager'],
          ['none', /plugin "none" not found|could not find plugin none/],
        ] as const) {
          const refused = await $`docker network create -d ${driver} another`.nothrow()
          expect(refused.exitCode).to.equal(1)
          await expect(refused.stderr).to.print(why)
        }
      },
    )
  },
)
