import { differs, isFalse, lab } from '../harness/index.ts'

const topology = `
   alpha, a manager                         beta, a worker
  +--------------------------------+       +--------------------------------+
  |  web, neighbour   eth0 10.0.…  |       |  client           eth0 10.0.…  |
  |    |                           |       |                           |    |
  |  br0 -- vxlan0                 |       |                 vxlan0 -- br0  |
  |           : my-overlay         |       |     my-overlay :               |
  |           : VNI 409…           |       |       VNI 409… :               |
  |            172.16.1.1 eth1 o---+-------+---o eth1 172.16.1.2            |
  +--------------------------------+segment+--------------------------------+
`

export default lab(
  {
    title: 'An overlay network of a swarm',
    document: '004_1c2b727b65294316',
    finds:
      'a LAN without broadcasts, in clear unless one asks; a service’s name has one address; what is cut off is forgotten within seconds, and found again',
    topology,
    engine: true,
    machines: ['alpha', 'beta'],
  },
  ({ alpha, beta, segment, expect, step, defer }) => {
    const network = 'my-overlay'
    const web = alpha.look.in({ container: 'web' })
    const neighbour = alpha.look.in({ container: 'neighbour' })
    const client = beta.look.in({ container: 'client' })
    // The engine keeps the netns of the network's bridge where `ip netns` does not look; a step links it there.
    const behindBeta = beta.look.in({ netns: network })
    type Looks = typeof alpha.look
    const esp = 50
    const request = { icmp: { type: 'echo-request' } }
    const reply = { icmp: { type: 'echo-reply' } }
    const idOf = async (name: string) => (await alpha.look.network(name))?.Id ?? ''
    const vniOf = async (name: string) =>
      Number((await alpha.look.network(name))?.Options?.['com.docker.network.driver.overlay.vxlanid_list'])
    const subnetOf = async (name: string) => (await alpha.look.network(name))?.IPAM?.Config?.[0]?.Subnet ?? ''
    const addressOf = async (look: Looks, container: string, on = network) =>
      (await look.container(container))?.NetworkSettings.Networks[on]?.IPAddress ?? ''
    /** The link of a container that has this address. */
    const linkOf = async (look: Looks, address: string) =>
      (await look.links()).find(({ addresses }) => addresses.some(one => one.startsWith(`${address}/`)))
    /** What a command printed, in no order; what dig has to complain of stands behind a semicolon. */
    const lines = ({ stdout }: { stdout: string }) =>
      stdout
        .split('\n')
        .filter(line => line !== '' && !line.startsWith(';'))
        .sort()
    /** The addresses that a container is told for a name. */
    const told = (look: Looks, container: string, name: string) =>
      look.at({
        title: `what ${container} is told of ${name}`,
        script: `docker exec ${container} dig +short +time=2 +tries=1 ${name} A`,
        parse: lines,
      })
    /** The addresses of a service's containers, of which each machine has one. */
    const tasks = async (service: string) => {
      const inspect = async ({ $ }: typeof alpha) =>
        (
          await $`docker inspect -f ${`{{(index .NetworkSettings.Networks "${network}").IPAddress}}`} $(docker ps -qf name=${service}.)`
        ).stdout.trim()
      return [await inspect(alpha), await inspect(beta)].sort()
    }
    /** By its default route a container comes to docker_gwbridge. */
    const plugged = async ({ look }: typeof alpha, container: string) => {
      const routes = await look.in({ container }).routes()
      const { link } = routes.find(({ destination }) => destination === 'default') ?? {}
      await expect(look.bridgeBehind(container, link)).to.show('docker_gwbridge')
    }
    /** web and client join another network as well. */
    const joined = async (name: string) => {
      await alpha.$`docker network connect ${name} web`
      await beta.$`docker network connect ${name} client`
    }
    /** And leave it: the name of a container has an address in each network that both are in. */
    const parted = async (name: string) => {
      await alpha.$`docker network disconnect ${name} web`
      await beta.$`docker network disconnect ${name} client`
      const there = { NetworkSettings: { Networks: { [name]: {} } } }
      await expect(alpha.look.container('web')).not.to.show(there)
      await expect(beta.look.container('client')).not.to.show(there)
    }
    /** Each node of the swarm, with its state. */
    const nodes = alpha.look.at({
      title: 'the swarm’s nodes',
      script: "docker node ls --format '{{.Hostname}} {{.Status}}'",
      parse: lines,
    })
    /** What passes at a container's link, and on the segment, while something happens. */
    const around = async (look: Looks, on: string, act: () => Promise<unknown>) => {
      const inside: Awaited<ReturnType<typeof segment.capture>> = []
      const outside = await segment.capture({
        while: async () => void inside.push(...(await look.capture(on, { while: act }))),
      })
      return [...inside, ...outside]
    }

    step(
      'without a swarm there is no overlay network: the engine refuses to make one',
      { covers: ['S004-22'] },
      async () => {
        const { exitCode, stderr } = await alpha.$`docker network create -d overlay ${network}`.nothrow()
        expect(exitCode).to.equal(1)
        await expect(stderr).to.print('This node is not a swarm manager.')
        await expect(alpha.look.network(network)).to.be.absent()
      },
    )

    step(
      '`swarm init` and `swarm join` make a swarm of both, with a network of its own, ingress',
      { covers: ['S004-23'] },
      async () => {
        for (const { $, defer } of [alpha, beta]) {
          // What a swarm's node changes, only where the kernel has one such setting for all: not in a sandbox.
          const { stdout: settings } =
            await $`sysctl -e net.ipv4.neigh.default.gc_thresh{1,2,3} net.ipv4.vs.{conn_reuse_mode,expire_nodest_conn,expire_quiescent_template}`
          defer`echo ${settings} | sysctl -e -p -`
          // The engine makes a swarm's networks side by side, and each takes the jump to DOCKER-USER out and puts it in anew: it may be there twice then.
          defer`while [ "$(iptables -S FORWARD | grep -cxe '-A FORWARD -j DOCKER-USER')" -gt 1 ]; do for how in -D -D -I; do iptables $how FORWARD -j DOCKER-USER; done; done`
        }
        alpha.defer`docker network rm docker_gwbridge`
        await alpha.$`docker swarm init --advertise-addr 172.16.1.1`
        alpha.defer`docker swarm leave --force`
        const { stdout } = await alpha.$`docker swarm join-token -q worker`
        beta.defer`docker network rm docker_gwbridge`
        await beta.$`docker swarm join --token ${stdout.trim()} 172.16.1.1:2377`
        beta.defer`docker swarm leave`
        await alpha.$`docker node ls`
        await expect(nodes).patiently(30).to.show(['alpha Ready', 'beta Ready'])
        // They tell each other of containers only once each knows that the other has the network.
        for (const { look, others } of [
          { look: alpha.look, others: '172.16.1.2' },
          { look: beta.look, others: '172.16.1.1' },
        ]) {
          for (const IP of [others, '172.16.1.1', '172.16.1.2'])
            await expect(look.network('ingress')).patiently(60).to.show({ Driver: 'overlay', Peers: { IP } })
          await expect(look.link('docker_gwbridge')).to.be.bridge()
        }
      },
    )

    step('the manager now makes an overlay network; a worker can’t', { covers: ['S004-22', 'S004-23'] }, async () => {
      await alpha.$`docker network create -d overlay ${network}`
      await alpha.$`docker network ls`
      await expect(alpha.look.network(network)).to.show({ Driver: 'overlay', Scope: 'swarm', Attachable: false })
      const refused = await beta.$`docker network create -d overlay another`.nothrow()
      await expect(refused.stderr).to.print(/from a manager node|not a swarm manager/)
    })

    step('a container that is started by hand may join it only if it was made --attachable', async () => {
      const refused = await alpha.$`docker run --rm --net ${network} centos true`.nothrow()
      expect(refused.exitCode).to.equal(125)
      await expect(refused.stderr).to.print('not manually attachable')
      await alpha.$`docker network rm ${network}`
      // Nothing undoes this but what ends the swarm: with it go its networks.
      await alpha.$`docker network create -d overlay --attachable ${network}`
      await alpha.$`docker run -d --name web --net ${network} nginx:alpine`
      alpha.defer`docker rm -f web`
      await plugged(alpha, 'web')
      await expect(web.link('eth0')).to.be.up()
    })

    step('a machine has the network while a container of it needs it', async () => {
      await expect(beta.look.network(network)).to.be.absent()
      await beta.$`docker run -d --name client --net ${network} --sysctl net.ipv4.icmp_echo_ignore_broadcasts=0 centos sleep infinity`
      beta.defer`docker rm -f client`
      await plugged(beta, 'client')
      // Who hears a broadcast is to answer it.
      await expect(client.sysctl('net.ipv4.icmp_echo_ignore_broadcasts')).to.show('0')
      await beta.$`docker network ls`
      await expect(beta.look.network(network)).to.show({ Driver: 'overlay', Id: await idOf(network) })
    })

    step(
      'every container has an address of one subnet, on whichever machine it is, and none that another has',
      { covers: ['S004-24'] },
      async () => {
        await alpha.$`docker run -d --name neighbour --net ${network} --sysctl net.ipv4.icmp_echo_ignore_broadcasts=0 centos sleep infinity`
        alpha.defer`docker rm -f neighbour`
        await plugged(alpha, 'neighbour')
        await expect(neighbour.sysctl('net.ipv4.icmp_echo_ignore_broadcasts')).to.show('0')
        const subnet = await subnetOf(network)
        expect(subnet).to.match(/^10\.0\.\d+\.0\/24$/)
        for (const { look } of [alpha, beta])
          await expect(look.network(network)).to.show({ IPAM: { Config: { Subnet: subnet } } })
        const all = await Promise.all([
          addressOf(alpha.look, 'web'),
          addressOf(alpha.look, 'neighbour'),
          addressOf(beta.look, 'client'),
        ])
        for (const address of all) expect(address.startsWith(subnet.replace('0/24', ''))).to.equal(true)
        expect(new Set(all).size).to.equal(3)
        await expect(web.link('eth0')).to.have.address(`${all[0]}/24`)
        await expect(client.link('eth0')).to.have.address(`${all[2]}/24`)
        // Each engine lists its own containers only.
        const [onAlpha, onBeta] = [
          (await alpha.look.container('web'))?.Id ?? '',
          (await beta.look.container('client'))?.Id ?? '',
        ]
        await expect(alpha.look.network(network)).to.show({ Containers: { [onAlpha]: { Name: 'web' } } })
        await expect(beta.look.network(network)).not.to.show({ Containers: { [onAlpha]: {} } })
        await expect(beta.look.network(network)).to.show({ Containers: { [onBeta]: { Name: 'client' } } })
      },
    )

    step(
      'web and client reach each other as if they were in one LAN, without a router between them',
      { covers: ['S004-20', 'S004-55'] },
      async () => {
        const [there, here] = [await addressOf(alpha.look, 'web'), await addressOf(beta.look, 'client')]
        await expect(client.ping(there)).patiently(30).to.answer()
        await expect(web.ping(here)).to.answer()
        // Each has the other's own MAC, and packets arrive with the TTL that they were sent with.
        await expect(client.neighbours('eth0')).to.show({ address: there, mac: (await web.link('eth0'))?.mac })
        await expect(web.neighbours('eth0')).to.show({ address: here, mac: (await client.link('eth0'))?.mac })
        const frames = await web.capture('eth0', { while: () => beta.$`docker exec client ping -c 1 ${there}` })
        await expect(frames).to.have.frame({ ip: { source: here, destination: there, ttl: 64 }, ...request })
        // The machines themselves know no way there.
        await expect(beta.look.routes()).not.to.show({ destination: await subnetOf(network) })
        await expect(beta.look.ping(there)).not.to.answer({
          capture: act => beta.look.capture('eth0', { while: act }),
          frame: { ip: { destination: there }, ...request },
        })
      },
    )

    step(
      'what they say travels as Ethernet frames in UDP to port 4789, with a VNI of the network’s own',
      { covers: ['S004-20', 'S004-21'] },
      async () => {
        const [there, here] = [await addressOf(alpha.look, 'web'), await addressOf(beta.look, 'client')]
        const [macThere, macHere] = [(await web.link('eth0'))?.mac, (await client.link('eth0'))?.mac]
        const vni = await vniOf(network)
        const frames = await segment.capture({ while: () => beta.$`docker exec client ping -c 1 ${there}` })
        await expect(frames).to.have.frames([
          {
            from: 'beta',
            ip: { source: '172.16.1.2', destination: '172.16.1.1', protocol: 'udp' },
            udp: { destinationPort: 4789 },
            vxlan: {
              vni,
              inner: {
                ethernet: { source: macHere, destination: macThere },
                ip: { source: here, destination: there },
                ...request,
              },
            },
          },
          {
            from: 'alpha',
            ip: { source: '172.16.1.1', destination: '172.16.1.2', protocol: 'udp' },
            udp: { destinationPort: 4789 },
            vxlan: {
              vni,
              inner: {
                ethernet: { source: macThere, destination: macHere },
                ip: { source: there, destination: here },
                ...reply,
              },
            },
          },
        ])
        expect(vni).to.be.above(await vniOf('ingress'))
      },
    )

    step(
      'nobody asks over the wire where a container is: the engines have told each other, and the VXLAN answers',
      { covers: ['S004-24'] },
      async () => {
        await beta.$`ln -s /run/docker/netns/1-${(await idOf(network)).slice(0, 10)} /run/netns/${network}`
        beta.defer`rm /run/netns/${network}`
        const there = await addressOf(alpha.look, 'web')
        const mac = (await web.link('eth0'))?.mac
        await expect(behindBeta.link('vxlan0')).to.show({ kind: 'vxlan' })
        await expect(behindBeta.link('vxlan0')).to.be.portOf('br0')
        await expect(behindBeta.fdb('vxlan0')).to.show({ mac, self: true, state: 'permanent', remote: '172.16.1.1' })
        await expect(behindBeta.neighbours('vxlan0')).to.show({ address: there, mac, state: 'PERMANENT' })
        const pid = (await beta.look.container('client'))?.State.Pid ?? 0
        await beta.$`nsenter -t ${pid} -n ip neigh flush dev eth0`
        const frames = await around(client, 'eth0', () => beta.$`docker exec client ping -c 1 ${there}`)
        const asked = { at: 'eth0 in container client on beta', arp: { operation: 'request', target: { ip: there } } }
        await expect(frames).to.have.frames([
          asked,
          { at: 'eth0 in container client on beta', arp: { operation: 'reply', sender: { ip: there, mac } } },
          { at: 'segment', from: 'beta', vxlan: { inner: request } },
        ])
        await expect(frames).not.to.have.frame({ at: 'segment', vxlan: { inner: { arp: {} } } }, { witness: asked })
      },
    )

    step(
      'a broadcast stays on its machine: neighbour answers, client never hears it',
      { covers: [differs('S004-20', 'broadcasts are not carried from one machine to another')] },
      async () => {
        const everybody = (await subnetOf(network)).replace('0/24', '255')
        const frames = await around(neighbour, 'eth0', () => alpha.$`docker exec web ping -c 1 -W 1 -b ${everybody}`)
        const heard = { at: 'eth0 in container neighbour on alpha', ip: { destination: everybody }, ...request }
        await expect(frames).to.have.frames([heard, { at: 'eth0 in container neighbour on alpha', ...reply }])
        await expect(frames).not.to.have.frame({ at: 'segment', vxlan: {} }, { witness: heard })
      },
    )

    step('containers find each other by name, across the machines', async () => {
      await expect(told(beta.look, 'client', 'web'))
        .patiently(30)
        .to.show([await addressOf(alpha.look, 'web')])
      await expect(told(alpha.look, 'web', 'client'))
        .patiently(30)
        .to.show([await addressOf(beta.look, 'client')])
      const { stdout } = await beta.$`docker exec client ping -c 1 web`
      await expect(stdout).to.print(`from web.${network} (${await addressOf(alpha.look, 'web')})`)
    })

    step('it leaves 1450 of the 1500 octets of the wire, and the containers know', async () => {
      const there = await addressOf(alpha.look, 'web')
      await expect(client.link('eth0')).to.show({ mtu: 1450 })
      await expect(web.link('eth0')).to.show({ mtu: 1450 })
      const full = await segment.capture({
        while: () => beta.$`docker exec client ping -c 1 -M do -s ${1450 - 28} ${there}`,
      })
      await expect(full).to.have.frames([
        { from: 'beta', length: 14 + 1500, vxlan: { inner: { length: 14 + 1450, ...request } } },
        { from: 'alpha', length: 14 + 1500, vxlan: { inner: { length: 14 + 1450, ...reply } } },
      ])
      // What is longer the container itself refuses, or sends in pieces, each in a datagram of its own.
      const refused = await beta.$`docker exec client ping -c 1 -W 1 -M do -s ${1451 - 28} ${there}`.nothrow()
      expect(refused.exitCode).not.to.equal(0)
      await expect(refused.stdout + refused.stderr).to.print(/message too long/i)
      const pieces = await segment.capture({
        while: () => beta.$`docker exec client ping -c 1 -M dont -s 2000 ${there}`,
      })
      const whole = { moreFragments: false, fragmentOffset: 0 }
      await expect(pieces).to.have.frames([
        { from: 'beta', ip: whole, vxlan: { inner: { ip: { moreFragments: true, fragmentOffset: 0 }, ...request } } },
        { from: 'beta', ip: whole, vxlan: { inner: { ip: { moreFragments: false, fragmentOffset: 1424 } } } },
        { from: 'alpha', vxlan: { inner: reply } },
      ])
    })

    step(
      'told that the wire takes more than it does, containers send too much: the VXLAN objects in the name of the far end, or its datagrams are cut',
      async () => {
        await alpha.$`docker network create -d overlay --attachable --opt com.docker.network.driver.mtu=1600 large`
        await joined('large')
        const [there, here] = [
          await addressOf(alpha.look, 'web', 'large'),
          await addressOf(beta.look, 'client', 'large'),
        ]
        const on = (await linkOf(client, here))?.name ?? ''
        await expect(client.link(on)).to.show({ mtu: 1550 })
        await expect(client.ping(there)).patiently(30).to.answer()
        const objected = await around(client, on, () =>
          beta.$`docker exec client ping -c 1 -W 1 -M do -s ${1550 - 28} ${there}`.nothrow(),
        )
        const tooLong = { at: `${on} in container client on beta`, length: 14 + 1550, ...request }
        await expect(objected).to.have.frames([
          tooLong,
          {
            at: `${on} in container client on beta`,
            ip: { source: there, destination: here },
            icmp: { type: 'destination-unreachable', code: 4 },
          },
        ])
        await expect(objected).not.to.have.frame(
          { at: 'segment', udp: { destinationPort: 4789 } },
          { witness: tooLong },
        )
        const frames = await segment.capture({
          while: () => beta.$`docker exec client ping -c 1 -M dont -s ${1550 - 28} ${there}`,
        })
        // client has learned from that, and sends in pieces; web has not, and its machine cuts the datagram.
        await expect(frames).to.have.frames([
          { from: 'beta', vxlan: { inner: { ip: { moreFragments: true }, ...request } } },
          { from: 'beta', vxlan: { inner: { ip: { moreFragments: false, fragmentOffset: 1424 } } } },
          { from: 'alpha', ip: { moreFragments: true, fragmentOffset: 0 }, vxlan: { inner: reply } },
          { from: 'alpha', ip: { moreFragments: false, fragmentOffset: 1480 } },
        ])
        await parted('large')
      },
    )

    step('a VNI has 24 bits: 16777215 can be had, 16777216 can’t', { covers: ['S004-21'] }, async () => {
      await alpha.$`docker network create -d overlay --attachable --opt com.docker.network.driver.overlay.vxlanid_list=16777215 last`
      await joined('last')
      const there = await addressOf(alpha.look, 'web', 'last')
      await expect(client.ping(there)).patiently(30).to.answer()
      const frames = await segment.capture({ while: () => beta.$`docker exec client ping -c 1 ${there}` })
      await expect(frames).to.have.frame({ from: 'beta', vxlan: { vni: 2 ** 24 - 1, inner: request } })
      const refused = await alpha.$`ip link add vxlan9 type vxlan id 16777216`.nothrow()
      await expect(refused.stderr).to.print('invalid id')
      await parted('last')
    })

    step(
      'being UDP it goes through routers: the datagram’s TTL is spent, and not the frame’s',
      { covers: ['S004-21'] },
      async () => {
        for (const name of ['left', 'router', 'right']) {
          await alpha.$`ip netns add ${name}`
          alpha.defer`ip netns delete ${name}`
        }
        await alpha.$`ip -n left link add eth0 type veth peer name left netns router`
        await alpha.$`ip -n right link add eth0 type veth peer name right netns router`
        await alpha.$`ip -n left address add 192.0.2.1/24 dev eth0`
        await alpha.$`ip -n right address add 198.51.100.1/24 dev eth0`
        await alpha.$`ip -n router address add 192.0.2.254/24 dev left`
        await alpha.$`ip -n router address add 198.51.100.254/24 dev right`
        for (const [name, link] of [
          ['left', 'eth0'],
          ['right', 'eth0'],
          ['router', 'left'],
          ['router', 'right'],
        ] as const)
          await alpha.$`ip -n ${name} link set ${link} up`
        await alpha.$`ip netns exec router sysctl -w net.ipv4.ip_forward=1`
        await alpha.$`ip -n left route add default via 192.0.2.254`
        await alpha.$`ip -n right route add default via 198.51.100.254`
        await alpha.$`ip -n left link add vxlan9 type vxlan id 9 local 192.0.2.1 remote 198.51.100.1 dstport 4789`
        await alpha.$`ip -n right link add vxlan9 type vxlan id 9 local 198.51.100.1 remote 192.0.2.1 dstport 4789`
        await alpha.$`ip -n left address add 192.168.9.1/24 dev vxlan9`
        await alpha.$`ip -n right address add 192.168.9.2/24 dev vxlan9`
        for (const name of ['left', 'right']) await alpha.$`ip -n ${name} link set vxlan9 up`
        for (const [netns, link, address] of [
          ['left', 'eth0', '192.0.2.1/24'],
          ['right', 'eth0', '198.51.100.1/24'],
          ['router', 'left', '192.0.2.254/24'],
          ['router', 'right', '198.51.100.254/24'],
          ['left', 'vxlan9', '192.168.9.1/24'],
          ['right', 'vxlan9', '192.168.9.2/24'],
        ] as const) {
          await expect(alpha.look.in({ netns }).link(link)).to.have.address(address)
          await expect(alpha.look.in({ netns }).link(link)).to.be.up()
        }
        await expect(alpha.look.in({ netns: 'router' }).sysctl('net.ipv4.ip_forward')).to.show('1')
        for (const [netns, gateway, ends] of [
          ['left', '192.0.2.254', 'remote 198.51.100.1 local 192.0.2.1'],
          ['right', '198.51.100.254', 'remote 192.0.2.1 local 198.51.100.1'],
        ] as const) {
          await expect(alpha.look.in({ netns }).routes()).to.show({ destination: 'default', gateway })
          const { stdout } = await alpha.$`ip -n ${netns} -d link show vxlan9`
          await expect(stdout).to.print(new RegExp(`vxlan id 9 ${ends} .*dstport 4789 `))
        }
        const points = (['left', 'right'] as const).map(netns => ({ on: 'eth0', in: { netns } }))
        const frames = await alpha.look.capture(points, {
          while: () => alpha.$`ip netns exec left ping -c 1 192.168.9.2`,
        })
        const datagram = (ttl: number) => ({
          ip: { source: '192.0.2.1', destination: '198.51.100.1', ttl },
          vxlan: { vni: 9, inner: { ip: { destination: '192.168.9.2', ttl: 64 }, ...request } },
        })
        const sent =
          frames.find(
            frame => frame.at === 'eth0 in netns left on alpha' && frame.vxlan?.inner.icmp?.type === 'echo-request',
          )?.ip?.ttl ?? 0
        await expect(frames).to.have.frames([
          { at: 'eth0 in netns left on alpha', ...datagram(sent) },
          { at: 'eth0 in netns right on alpha', ...datagram(sent - 1) },
        ])
      },
    )

    step('what is for others leaves each machine by docker_gwbridge, not by the overlay network', async () => {
      for (const { look } of [alpha, beta]) await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
      await expect(web.ping('203.0.113.1')).to.answer()
      await expect(client.routes()).to.show({
        destination: 'default',
        gateway: (await beta.look.link('docker_gwbridge'))?.addresses[0]?.split('/')[0],
      })
      const frames = await beta.look.capture('eth0', { while: () => beta.$`docker exec client ping -c 1 203.0.113.1` })
      await expect(frames).to.have.frame({ ip: { source: '203.0.113.2', destination: '203.0.113.1' }, ...request })
    })

    step(
      'nothing of it is encrypted unless one asks: whoever hears the wire can read it',
      {
        covers: [
          isFalse(
            'S004-24',
            'addresses and ways are found by themselves, but it travels in clear unless made with --opt encrypted',
          ),
        ],
      },
      async () => {
        const there = await addressOf(alpha.look, 'web')
        const frames = await segment.capture({ while: () => beta.$`docker exec client curl -s -m 5 http://${there}` })
        const readable = {
          from: 'alpha',
          vxlan: {
            vni: await vniOf(network),
            inner: { ip: { source: there }, tcp: { sourcePort: 80, payloadLength: (octets: number) => octets > 0 } },
          },
        }
        await expect(frames).not.to.have.frame({ ip: { protocol: esp } }, { witness: readable })
      },
    )

    step(
      'made with --opt encrypted, it travels in ESP: nobody on the wire can read a frame',
      { covers: ['S004-24'], needs: { kernel: ['esp4'] } },
      async () => {
        await alpha.$`docker network create -d overlay --attachable --opt encrypted secret`
        await joined('secret')
        const [there, here] = [
          await addressOf(alpha.look, 'web', 'secret'),
          await addressOf(beta.look, 'client', 'secret'),
        ]
        await expect(client.ping(there)).patiently(30).to.answer()
        const on = (await linkOf(client, here))?.name ?? ''
        const frames = await around(client, on, () => beta.$`docker exec client ping -c 1 ${there}`)
        const clear = { at: `${on} in container client on beta`, ip: { source: here, destination: there }, ...request }
        await expect(frames).to.have.frames([
          clear,
          { at: `${on} in container client on beta`, ip: { source: there }, ...reply },
        ])
        await expect(frames).to.have.frames([
          { from: 'beta', ip: { source: '172.16.1.2', destination: '172.16.1.1', protocol: esp } },
          { from: 'alpha', ip: { source: '172.16.1.1', destination: '172.16.1.2', protocol: esp } },
        ])
        await expect(frames).not.to.have.frame(
          { at: 'segment', vxlan: { vni: await vniOf('secret') } },
          { witness: { ip: { protocol: esp } } },
        )
        await expect((await beta.$`ip xfrm state`).stdout).to.print(/rfc4106\(gcm\(aes\)\)/)
        // It costs some more octets.
        await expect(client.link(on)).to.show({ mtu: 1424 })
        await parted('secret')
      },
    )

    step(
      'the name of a service has one address, which is none of its containers’',
      {
        covers: [
          isFalse(
            'S004-40',
            'its name has one, virtual address, behind which the kernel chooses; the containers’ come with --endpoint-mode dnsrr, or under tasks.NAME',
          ),
        ],
      },
      async () => {
        await alpha.$`docker service create --no-resolve-image --name shop --replicas 2 --network ${network} nginx:alpine`
        alpha.defer`docker service rm shop`
        await alpha.$`docker service ps shop`
        const { stdout } = await alpha.$`docker service inspect -f '{{(index .Endpoint.VirtualIPs 0).Addr}}' shop`
        const virtual = stdout.trim().replace('/24', '')
        const both = await tasks('shop')
        for (const machine of [alpha, beta]) {
          await plugged(machine, (await machine.$`docker ps -qf name=shop.`).stdout.trim())
        }
        expect(new Set([...both, virtual]).size).to.equal(3)
        await expect(told(beta.look, 'client', 'tasks.shop'))
          .patiently(30)
          .to.show(both)
        await expect(told(beta.look, 'client', 'shop')).to.show([virtual])
      },
    )

    step(
      'behind it the kernel chooses, by IPVS: both containers answer in turn',
      {
        covers: [isFalse('S004-40', 'its name has one, virtual address, behind which the kernel chooses')],
        needs: { kernel: ['ip_vs'] },
      },
      async () => {
        for (const { $ } of [alpha, beta])
          await $`docker exec $(docker ps -qf name=shop.) sh -c 'hostname >/usr/share/nginx/html/index.html'`
        const nameOn = async ({ $ }: typeof alpha) =>
          (await $`docker exec $(docker ps -qf name=shop.) hostname`).stdout.trim()
        const names = [await nameOn(alpha), await nameOn(beta)]
        const { stdout } = await beta.$`for i in 1 2 3 4; do docker exec client curl -s -m 5 http://shop; done`
        expect(stdout.trim().split('\n').sort()).to.deep.equal([...names, ...names].sort())
        const table =
          await beta.$`nsenter --net=/run/docker/netns/lb_${(await idOf(network)).slice(0, 9)} cat /proc/net/ip_vs`
        for (const address of await tasks('shop')) {
          const hex = address
            .split('.')
            .map(part => Number(part).toString(16).padStart(2, '0'))
            .join('')
          await expect(table.stdout).to.print(new RegExp(`-> ${hex}:`, 'i'))
        }
      },
    )

    step(
      'a service made with --endpoint-mode dnsrr has the addresses of its containers, now one first, now the other',
      async () => {
        await alpha.$`docker service create --no-resolve-image --name stall --endpoint-mode dnsrr --replicas 2 --network ${network} nginx:alpine`
        alpha.defer`docker service rm stall`
        const both = await tasks('stall')
        for (const machine of [alpha, beta]) {
          await plugged(machine, (await machine.$`docker ps -qf name=stall.`).stdout.trim())
        }
        await expect(told(beta.look, 'client', 'stall'))
          .patiently(30)
          .to.show(both)
        const firsts =
          await beta.$`docker exec client sh -c 'for i in $(seq 40); do dig +short stall | head -n 1; done'`
        expect([...new Set(firsts.stdout.trim().split('\n'))].sort()).to.deep.equal(both)
        for (const address of both) await expect(client.http(`http://${address}`)).to.answer()
        await beta.$`docker exec client curl -s -m 5 http://stall`
        for (const name of ['stall', 'shop']) await alpha.$`docker service rm ${name}`
        expect((await alpha.$`docker service ls -q`).stdout).to.equal('')
      },
    )

    step(
      'cut off, each machine forgets the other’s containers within seconds: their names, and the ways to them',
      async () => {
        const there = await addressOf(alpha.look, 'web')
        await segment.cut('beta')
        defer(() => segment.restore('beta'))
        await expect(client.ping(there)).not.to.answer({
          capture: act => client.capture('eth0', { while: act }),
          frame: { ethernet: { source: (await client.link('eth0'))?.mac } },
        })
        await expect(told(beta.look, 'client', 'web'))
          .patiently(60)
          .to.show([])
        await expect(told(alpha.look, 'web', 'client'))
          .patiently(60)
          .to.show([])
        await expect(behindBeta.fdb('vxlan0')).patiently(60).not.to.show({ remote: '172.16.1.1' })
        await expect(nodes).patiently(60).to.show(['alpha Ready', 'beta Down'])
        // What needs no wire goes on.
        await expect(neighbour.ping(there)).to.answer()
        await expect(told(alpha.look, 'neighbour', 'web')).to.show([there])
      },
    )

    step('restored, they find each other again by themselves', async () => {
      const there = await addressOf(alpha.look, 'web')
      await segment.restore('beta')
      await expect(nodes).patiently(60).to.show(['alpha Ready', 'beta Ready'])
      await expect(told(beta.look, 'client', 'web'))
        .patiently(100)
        .to.show([there])
      await expect(told(alpha.look, 'web', 'client'))
        .patiently(60)
        .to.show([await addressOf(beta.look, 'client')])
      await expect(behindBeta.fdb('vxlan0'))
        .patiently(60)
        .to.show({ remote: '172.16.1.1', mac: (await web.link('eth0'))?.mac })
      await expect(client.ping(there)).patiently(30).to.answer()
    })

    step('who leaves the swarm loses its networks; a manager has to be forced', async () => {
      await beta.$`docker rm -f client`
      await expect(beta.look.container('client')).to.be.absent()
      await beta.$`docker swarm leave`
      await expect(beta.look.network(network)).to.be.absent()
      await expect(beta.look.network('ingress')).to.be.absent()
      await expect(beta.look.link('docker_gwbridge')).to.be.present()
      const refused = await alpha.$`docker swarm leave`.nothrow()
      expect(refused.exitCode).to.equal(1)
      await expect(refused.stderr).to.print('Use `--force`')
      await expect(alpha.look.network(network)).to.be.present()
    })
  },
)
