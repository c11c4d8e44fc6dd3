import { differs, isFalse, lab } from '../harness/index.ts'

const topology = `
  outside, a neighbour          guest                 containers: links of eth0
  on the LAN                                          with MACs of their own
 +---------------+   LAN   +----------------+        +----------------------+
 |               |    .----o eth0 .2 ·······|········|·o first  203.0.113.64|
 | 203.0.113.1 o-+----'    |                |        |                      |
 +---------------+         |        ········|········|·o second 203.0.113.65|
                           | shim .250 ·    |        +----------------------+
                           +----------------+
`

export default lab(
  {
    title: 'macvlan: containers that are machines of the LAN',
    document: '004_1c2b727b65294316',
    finds:
      'any Ethernet link will do as a parent; promiscuous mode is the kernel’s own business; between guest and containers neither a route nor an interface is of use alone; left to itself the engine hands out the address of the guest',
    topology,
    engine: true,
    needs: { kernel: ['macvlan'] },
  },
  ({ $, look, expect, step, defer }) => {
    const first = look.in({ container: 'first' })
    const second = look.in({ container: 'second' })
    const outside = look.in({ netns: 'outside' })
    const lan = { on: 'lan0', in: { netns: 'outside' }, as: 'LAN' }
    const request = { icmp: { type: 'echo-request' } }
    const address = { first: '', second: '' }
    const mac = { first: '', second: '', eth0: '' }
    const inContainer = (container: string) => (act: () => Promise<unknown>) =>
      look.capture({ on: 'eth0', in: { container } }, { while: act })
    const onEth0 = (act: () => Promise<unknown>) => look.capture('eth0', { while: act })
    const asksFor = (ip: string, sender: object = {}) => ({ arp: { operation: 'request', target: { ip }, ...sender } })
    const guestAsksFor = (ip: string) => asksFor(ip, { sender: { ip: '203.0.113.2' } })

    step(
      'docker network create takes a link that is there as the parent; it need not be a physical one',
      { covers: [differs('S004-49', 'the parent need not be physical: here it is one end of a veth pair')] },
      async () => {
        const missing = await $`docker network create -d macvlan -o parent=nosuch0 lan`.nothrow()
        expect(missing.exitCode).to.equal(1)
        await expect(missing.stderr).to.print('nosuch0')
        await $`docker network create -d macvlan --subnet 203.0.113.0/24 --gateway 203.0.113.1 --ip-range 203.0.113.64/27 -o parent=eth0 lan`
        defer`docker network rm lan`
        await expect(look.link('eth0')).to.show({ kind: 'veth' })
        await expect(look.network('lan')).to.show({
          Driver: 'macvlan',
          Options: { parent: 'eth0' },
          IPAM: { Config: [{ Subnet: '203.0.113.0/24', Gateway: '203.0.113.1', IPRange: '203.0.113.64/27' }] },
        })
        await expect((await $`ip -d link show eth0`).stdout).to.print('promiscuity 0')
      },
    )

    step(
      'each container has a link of its own on eth0, with its own MAC and address; no bridge and no veth is there',
      { covers: ['S004-48', 'S004-47', 'S004-50'] },
      async () => {
        const before = await look.links()
        for (const name of ['first', 'second'] as const) {
          await $`docker run -d --name ${name} --net lan nginx:alpine`
          defer`docker rm -f ${name}`
          const link = await look.in({ container: name }).link('eth0')
          const found = (await look.container(name))?.NetworkSettings.Networks.lan
          address[name] = found?.IPAddress ?? ''
          mac[name] = link?.mac ?? ''
          await expect(look.in({ container: name }).link('eth0')).to.show({
            kind: 'macvlan',
            iflink: (await look.link('eth0'))?.ifindex ?? 0,
            mac: found?.MacAddress ?? 'none',
          })
          await expect(look.in({ container: name }).link('eth0')).to.have.address(`${address[name]}/24`)
          await expect(look.in({ container: name }).routes()).to.show({
            destination: 'default',
            gateway: '203.0.113.1',
          })
        }
        mac.eth0 = (await look.link('eth0'))?.mac ?? ''
        expect(new Set(Object.values(mac)).size).to.equal(3)
        expect(address).to.deep.equal({ first: '203.0.113.64', second: '203.0.113.65' })
        // In the guest itself nothing has come.
        const names = (links: typeof before) => links.map(({ name, master }) => ({ name, master }))
        expect(names(await look.links())).to.deep.equal(names(before))
        await $`brctl show`
        await expect(look.ports('docker0')).to.be.absent()
      },
    )

    step(
      'to the LAN they are machines of their own: it sees their MACs and addresses, and needs no mapping',
      { covers: ['S004-47', 'S004-50', 'S004-55'] },
      async () => {
        await $`ip netns exec outside curl -s -m 3 ${address.first}`.nothrow()
        await expect(outside.http(`http://${address.first}`)).to.show({
          status: 200,
          seenFrom: { address: '203.0.113.1' },
        })
        expect((await look.container('first'))?.HostConfig.PortBindings).to.deep.equal({})
        for (const name of ['first', 'second'] as const) {
          await expect(outside.ping(address[name])).to.answer()
          await expect(outside.neighbours('lan0')).to.show({ address: address[name], mac: mac[name] })
          const frames = await look.capture(lan, { while: () => $`docker exec ${name} ping -c 1 203.0.113.1` })
          await expect(frames).to.have.frames([
            { ethernet: { source: mac[name] }, ip: { source: address[name], ttl: 64 }, ...request },
            { ethernet: { destination: mac[name] }, icmp: { type: 'echo-reply' } },
          ])
        }
      },
    )

    step(
      'the guest’s iptables and connection tracking never see what passes',
      { covers: ['S004-48', 'S004-50'] },
      async () => {
        const ask = () => $`ip netns exec outside curl -s -m 3 ${address.first}`
        const rules = ['-t raw -A PREROUTING -s 203.0.113.1', '-t mangle -A FORWARD -s 203.0.113.1']
        await $`iptables -t raw -A PREROUTING -s 203.0.113.1`
        defer`iptables -t raw -D PREROUTING -s 203.0.113.1`
        await $`iptables -t mangle -A FORWARD -s 203.0.113.1`
        defer`iptables -t mangle -D FORWARD -s 203.0.113.1`
        for (const rule of rules) await expect(look.iptables()).to.have.rule(rule)
        const frames = await look.capture('eth0', {
          filter: 'tcp',
          while: async () => {
            for (const rule of rules) await expect(look.iptables()).not.to.use(rule, { while: ask })
          },
        })
        await expect(frames).to.have.frame({ ip: { source: '203.0.113.1', destination: address.first } })
        await expect(look.conntrack()).not.to.show({ original: { destination: address.first } })
        // What is for the guest itself they see.
        await expect(look.iptables()).to.use('-t raw -A PREROUTING -s 203.0.113.1', {
          while: () => $`ip netns exec outside ping -c 1 203.0.113.2`,
        })
      },
    )

    step('one hears the other, by name, without the LAN (not in the document)', async () => {
      const ask = () => $`docker exec first ping -c 1 second`
      const frames = await look.capture([lan, { on: 'eth0', in: { container: 'second' }, as: 'second' }], {
        filter: 'icmp',
        while: ask,
      })
      const asked = { ip: { destination: address.second }, ...request }
      await expect(frames).to.have.frame({ at: 'second', ethernet: { source: mac.first }, ...asked })
      await expect(frames).not.to.have.frame({ at: 'LAN' }, { witness: { at: 'second', ...asked } })
    })

    step(
      'nobody has to make eth0 promiscuous: the kernel has done it, as this link cannot tell MACs apart',
      { covers: [differs('S004-52', 'where the NIC needs it, the kernel switches it on by itself')] },
      async () => {
        const { stdout } = await $`ip -d link show eth0`
        await expect(stdout).to.print('promiscuity 1')
        // Nobody asked for it, so the flag isn't shown.
        expect((await look.link('eth0'))?.flags).not.to.include('PROMISC')
      },
    )

    step('what takes that way is there sooner than through docker0 and NAT', { covers: ['S004-50'] }, async () => {
      await $`docker run -d --name behind nginx:alpine`
      defer`docker rm -f behind`
      await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }])
      await expect(look.iptables()).to.have.rule('-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE')
      await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
      await expect(look.in({ container: 'behind' }).ping('203.0.113.1')).to.answer()
      // One request after the other, without a pause: the shortest of so many is the way’s own, whatever else the host does.
      const shortest = { first: Number.POSITIVE_INFINITY, behind: Number.POSITIVE_INFINITY }
      for (const name of ['first', 'behind', 'first', 'behind'] as const) {
        const { stdout } = await $`docker exec ${name} ping -q -f -c 2000 203.0.113.1`
        const [, least] = /^rtt min\/avg\/max\/mdev = ([\d.]+)\//m.exec(stdout) ?? []
        shortest[name] = Math.min(shortest[name], Number(least))
      }
      expect({
        first: `${shortest.first} ms`,
        behind: `${shortest.behind} ms`,
        sooner: shortest.first < shortest.behind,
      }).to.include({ sooner: true })
      await $`docker rm -f behind`
      await expect(look.ports('docker0')).to.show([])
    })

    step(
      'a hundred more addresses on the same link are heard: no table of MACs limits it',
      {
        covers: [
          isFalse(
            'S004-51',
            'a hundred on a link that has no such table: the kernel lets it take all frames, and sorts them itself',
          ),
        ],
      },
      async () => {
        await $`ip netns add crowd`
        defer`ip netns delete crowd`
        await $`for i in $(seq 100); do
          ip link add link eth0 name crowd$i netns crowd type macvlan mode bridge
        done`
        await $`ip -n crowd address add 203.0.113.200/24 dev crowd100`
        await $`ip -n crowd link set crowd100 up`
        const crowd = look.in({ netns: 'crowd' })
        expect((await crowd.links()).filter(({ kind }) => kind === 'macvlan')).to.have.lengthOf(100)
        await expect(crowd.link('crowd100')).to.have.address('203.0.113.200/24')
        await expect(crowd.link('crowd100')).to.be.up()
        await expect(outside.ping('203.0.113.200')).to.answer()
        await $`ip netns delete crowd`
        await expect(look.netns()).not.to.show({ name: 'crowd' })
      },
    )

    step(
      'guest and container do not hear each other, while outside hears both',
      { covers: ['S004-51', 'S004-54'] },
      async () => {
        await $`ping -c 1 -W 1 ${address.first}`.nothrow()
        await expect(look.ping(address.first)).not.to.answer({ capture: onEth0, frame: guestAsksFor(address.first) })
        await $`docker exec first ping -c 1 -W 1 203.0.113.2`.nothrow()
        await expect(first.ping('203.0.113.2')).not.to.answer({
          capture: inContainer('first'),
          frame: asksFor('203.0.113.2'),
        })
        await expect(outside.ping('203.0.113.2')).to.answer()
        await expect(outside.ping(address.first)).to.answer()
      },
    )

    step(
      'what the guest sends to the container’s MAC leaves by the wire, and comes to nobody (not in the document)',
      async () => {
        await $`ip neigh replace ${address.first} lladdr ${mac.first} dev eth0`
        defer`ip neigh del ${address.first} dev eth0`
        await expect(look.neighbours('eth0')).to.show({ address: address.first, mac: mac.first, state: 'PERMANENT' })
        const points = [lan, { on: 'eth0', in: { container: 'first' }, as: 'first' }]
        const frames = await look.capture(points, {
          filter: 'icmp',
          while: () => $`ping -c 1 -W 1 ${address.first}`.nothrow(),
        })
        await expect(frames).not.to.have.frame(
          { at: 'first' },
          { witness: { at: 'LAN', ethernet: { source: mac.eth0, destination: mac.first }, ...request } },
        )
        await $`ip neigh del ${address.first} dev eth0`
        await expect(look.neighbours('eth0')).not.to.show({ address: address.first, state: 'PERMANENT' })
      },
    )

    step(
      'a route alone is of no use, not even through a router: the container’s answer finds no way back',
      {
        covers: [differs('S004-54', 'a route alone is of no use; the interface and a route by it are needed, both')],
      },
      async () => {
        await $`ip route add 203.0.113.64/27 dev eth0`
        defer`ip route del 203.0.113.64/27 dev eth0`
        await expect(look.routes()).to.show({ destination: '203.0.113.64/27', link: 'eth0' })
        await expect(look.ping(address.first)).not.to.answer({ capture: onEth0, frame: guestAsksFor(address.first) })
        await $`ip route del 203.0.113.64/27 dev eth0`
        await expect(look.routes()).not.to.show({ destination: '203.0.113.64/27' })

        await $`ip netns exec outside sysctl -w net.ipv4.ip_forward=1`
        defer`ip netns exec outside sysctl -w net.ipv4.ip_forward=0`
        await expect(outside.sysctl('net.ipv4.ip_forward')).to.show('1')
        await $`ip route add 203.0.113.64/27 via 203.0.113.1`
        defer`ip route del 203.0.113.64/27 via 203.0.113.1`
        await expect(look.routes()).to.show({ destination: '203.0.113.64/27', gateway: '203.0.113.1' })
        await expect(look.ping(address.first)).not.to.answer({
          capture: inContainer('first'),
          frame: { ip: { source: '203.0.113.2', destination: address.first, ttl: 63 }, ...request },
        })
        await $`ip route del 203.0.113.64/27 via 203.0.113.1`
        await expect(look.routes()).not.to.show({ destination: '203.0.113.64/27' })
      },
    )

    step(
      'an interface of the guest on the same parent, and a route by it, let them hear each other; one without the other does not',
      { covers: ['S004-54', 'S004-51'] },
      async () => {
        await $`ip link add shim link eth0 type macvlan mode bridge`
        defer`ip link delete shim`
        await $`ip addr add 203.0.113.250/32 dev shim`
        await $`ip link set shim up`
        await expect(look.link('shim')).to.have.address('203.0.113.250/32')
        await expect(look.link('shim')).to.be.up()
        await expect(look.ping(address.first)).not.to.answer({ capture: onEth0, frame: guestAsksFor(address.first) })
        await $`ip route add 203.0.113.64/27 dev shim`
        await expect(look.routes()).to.show({ destination: '203.0.113.64/27', link: 'shim' })
        await expect(look.ping(address.first)).to.answer()
        await expect(look.http(`http://${address.second}`)).to.show({ seenFrom: { address: '203.0.113.250' } })
        await expect(first.ping('203.0.113.250')).to.answer()
        // Asked over the shim, the guest answers for its other address as well.
        await expect(second.ping('203.0.113.2')).to.answer()
        await $`ip link delete shim`
        await expect(look.link('shim')).to.be.absent()
      },
    )

    step(
      'left to itself the engine gives the first container the guest’s own address, and says nothing',
      { covers: ['S004-53'] },
      async () => {
        await $`docker rm -f first`
        await $`docker rm -f second`
        await $`docker network rm lan`
        await $`docker network create -d macvlan --subnet 203.0.113.0/24 --gateway 203.0.113.1 -o parent=eth0 careless`
        defer`docker network rm careless`
        await expect(look.network('careless')).to.show({
          IPAM: { Config: [{ Subnet: '203.0.113.0/24', Gateway: '203.0.113.1' }] },
        })
        const run = await $`docker run -d --name clash --net careless nginx:alpine`
        defer`docker rm -f clash`
        expect(run.stderr).to.equal('')
        await expect(look.in({ container: 'clash' }).link('eth0')).to.have.address('203.0.113.2/24')
        await expect(look.link('eth0')).to.have.address('203.0.113.2/24')
        // Two claim it; whoever asks takes either for it.
        const asked = await $`ip netns exec outside arping -d -c 2 -i lan0 203.0.113.2`.nothrow()
        expect(asked.exitCode).to.equal(1)
        const theirs = (await look.in({ container: 'clash' }).link('eth0'))?.mac
        for (const one of [mac.eth0, theirs]) await expect(asked.stdout).to.print(`from ${one} (203.0.113.2)`)
        await $`docker rm -f clash`
        await $`docker network rm careless`
        await expect(look.network('careless')).to.be.absent()
      },
    )

    step(
      'a parent that is named after a VLAN is made with the network, and goes with it (not in the document)',
      { needs: { kernel: ['8021q'] } },
      async () => {
        await $`ip -n outside link add link lan0 name lan0.50 type vlan id 50`
        defer`ip -n outside link delete lan0.50`
        await $`ip -n outside address add 198.51.100.1/24 dev lan0.50`
        await $`ip -n outside link set lan0.50 up`
        await expect(outside.link('lan0.50')).to.have.address('198.51.100.1/24')
        await expect(outside.link('lan0.50')).to.be.up()
        await $`docker network create -d macvlan --subnet 198.51.100.0/24 --gateway 198.51.100.1 -o parent=eth0.50 vlan50`
        defer`docker network rm vlan50`
        await expect(look.network('vlan50')).to.show({
          IPAM: { Config: [{ Subnet: '198.51.100.0/24', Gateway: '198.51.100.1' }] },
        })
        await expect(look.link('eth0.50')).to.show({
          kind: 'vlan',
          up: true,
          iflink: (await look.link('eth0'))?.ifindex ?? 0,
        })
        await $`docker run -d --name tagged --net vlan50 nginx:alpine`
        defer`docker rm -f tagged`
        const tagged = look.in({ container: 'tagged' })
        const link = await tagged.link('eth0')
        const frames = await look.capture(lan, { while: () => $`docker exec tagged ping -c 1 198.51.100.1` })
        await expect(frames).to.have.frame({ vlan: { id: 50 }, ethernet: { source: link?.mac ?? '' }, ...request })
        await expect(outside.http(`http://${link?.addresses[0]?.split('/')[0]}`)).to.answer()
        await $`docker rm -f tagged`
        await $`docker network rm vlan50`
        await expect(look.link('eth0.50')).to.be.absent()
      },
    )

    step(
      'without a parent the engine makes a dummy link: containers hear each other, and nobody else',
      {
        needs: { kernel: ['dummy'] },
        covers: [isFalse('S004-49', 'no interface is needed: without one the engine makes a dummy link')],
      },
      async () => {
        await $`docker network create -d macvlan --subnet 192.0.2.0/24 nowhere`
        defer`docker network rm nowhere`
        await expect(look.network('nowhere')).to.show({ IPAM: { Config: [{ Subnet: '192.0.2.0/24' }] } })
        const dummy = `dm-${(await look.network('nowhere'))?.Id.slice(0, 12)}`
        await expect(look.link(dummy)).to.show({ kind: 'dummy' })
        for (const name of ['one', 'two']) {
          await $`docker run -d --name ${name} --net nowhere nginx:alpine`
          defer`docker rm -f ${name}`
        }
        const source = (await look.in({ container: 'one' }).link('eth0'))?.mac ?? ''
        const frames = await look.capture([lan, { on: 'eth0', in: { container: 'one' }, as: 'one' }], {
          while: async () => {
            await $`docker exec one ping -c 1 two`
            const asked = await $`docker exec one ping -c 1 -W 1 203.0.113.1`.nothrow()
            expect(asked.exitCode).not.to.equal(0)
          },
        })
        const sent = { ethernet: { source } }
        await expect(frames).not.to.have.frame({ at: 'LAN', ...sent }, { witness: { at: 'one', ...sent, ...request } })
        for (const name of ['one', 'two']) await $`docker rm -f ${name}`
        await $`docker network rm nowhere`
        await expect(look.link(dummy)).to.be.absent()
      },
    )

    step(
      'where a LAN allows one MAC only, ipvlan gives the containers eth0’s (not in the document)',
      { needs: { kernel: ['ipvlan'] } },
      async () => {
        await $`docker network create -d ipvlan --subnet 203.0.113.0/24 --gateway 203.0.113.1 --ip-range 203.0.113.96/27 -o parent=eth0 shared`
        defer`docker network rm shared`
        await expect(look.network('shared')).to.show({
          Options: { parent: 'eth0' },
          IPAM: { Config: [{ Subnet: '203.0.113.0/24', Gateway: '203.0.113.1', IPRange: '203.0.113.96/27' }] },
        })
        await $`docker run -d --name sharer --net shared nginx:alpine`
        defer`docker rm -f sharer`
        await expect(look.in({ container: 'sharer' }).link('eth0')).to.show({ kind: 'ipvlan', mac: mac.eth0 })
        const own = (await look.container('sharer'))?.NetworkSettings.Networks.shared?.IPAddress ?? ''
        await expect(outside.http(`http://${own}`)).to.answer()
        await expect(outside.neighbours('lan0')).to.show({ address: own, mac: mac.eth0 })
      },
    )
  },
)
