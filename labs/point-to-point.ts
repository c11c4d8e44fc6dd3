import { lab } from '../harness/index.ts'

const topology = `
  second (--net=none)       guest                      first (--net=none)
 +-----------------+       +--------------------+     +-----------------+
 | A           o---+-------+--------------------+-----+---o           B |
 | 10.1.1.1/32     |       |   (not one of its  |     |     10.1.1.2/32 |
 | 10.1.1.2 dev A  |       |    links)          |     |  10.1.1.1 dev B |
 +-----------------+       |   docker0          |     +-----------------+
                           +--------------------+
`

export default lab(
  {
    title: 'A wire of their own between two containers',
    document: '002_4055c2f40a7b121a',
    finds:
      'the commands hold, and the wire passes neither docker0 nor the guest; it is Ethernet with ARP like any other; it ends with either container',
    topology,
    engine: true,
    unseen: [{ mutation: /without mkdir -p \/var\/run\/netns/, because: 'the folder is there, as outside is a netns' }],
  },
  ({ $, look, expect, step, defer }) => {
    const first = { id: '', pid: '' }
    const second = { id: '', pid: '' }
    const keys = { detach: '\x10\x11' } // Ctrl+p Ctrl+q
    const request = { icmp: { type: 'echo-request' } }
    const [third, fourth] = [look.in({ container: 'third' }), look.in({ container: 'fourth' })]
    const inFirst = () => look.in({ container: first.id })
    const inSecond = () => look.in({ container: second.id })
    const joined = async (a: typeof look, b: typeof look) => {
      await expect(a.peer('A')).to.be.pairedWith(b.peer('B'))
      await expect(a.link('A')).to.show({ state: 'UP' })
      await expect(b.link('B')).to.show({ state: 'UP' })
      await expect(a.link('A')).to.have.address('10.1.1.1/32')
      await expect(b.link('B')).to.have.address('10.1.1.2/32')
      await expect(a.routes()).to.show({ destination: '10.1.1.2', link: 'A', scope: 'link' })
      await expect(b.routes()).to.show({ destination: '10.1.1.1', link: 'B', scope: 'link' })
    }
    const pidOf = async (id: string) => (await $`docker inspect -f '{{.State.Pid}}' ${id}`).stdout.trim()

    step(
      'two containers run without a network, and go on when Ctrl+p Ctrl+q leaves them',
      { covers: ['S002-81'] },
      async () => {
        for (const container of [first, second]) {
          const terminal = $`script -qec 'docker run -it --rm --net=none johnklee/tutorial /bin/bash' /dev/null`
          const { stdin } = terminal
          let shown = ''
          terminal.stdout.on('data', text => {
            shown += text
            if (/# $/.test(shown)) stdin.write(keys.detach)
          })
          await terminal
          container.id = (await $`docker ps -lq`).stdout.trim()
          expect(container.id).to.match(/^[0-9a-f]{12}$/)
          defer`docker rm -f ${container.id}`
          await expect(look.container(container.id)).to.show({
            State: { Running: true },
            HostConfig: { NetworkMode: 'none', AutoRemove: true },
          })
          const links = await look.in({ container: container.id }).links()
          expect(links.map(({ name }) => name)).to.deep.equal(['lo'])
        }
      },
    )

    step(
      'a link under /var/run/netns makes a container’s namespace known to ip netns',
      { covers: ['S002-82'] },
      async () => {
        second.pid = await pidOf(second.id)
        first.pid = await pidOf(first.id)
        await $`mkdir -p /var/run/netns`
        const before = await $`ip netns exec ${second.pid} ip link`.nothrow()
        expect(before.exitCode).not.to.equal(0)
        await expect(before.stderr).to.print(`Cannot open network namespace "${second.pid}"`)
        for (const { pid } of [second, first]) {
          await $`ln -s /proc/${pid}/ns/net /var/run/netns/${pid}`
          defer`rm /var/run/netns/${pid}`
          await $`ip netns list`
          await expect(look.netns()).to.show({ name: pid })
          const [seen, own] = [
            await $`ip netns exec ${pid} readlink /proc/self/ns/net`,
            await $`readlink /proc/${pid}/ns/net`,
          ]
          expect(seen.stdout).to.match(/^net:/).and.to.equal(own.stdout)
        }
      },
    )

    step(
      'a veth pair has one end in each, with an address and a route to the other',
      { covers: ['S002-83'] },
      async () => {
        await $`ip link add A type veth peer name B`
        await expect(look.peer('A')).to.be.pairedWith(look.peer('B'))
        await $`ip link set A netns ${second.pid}`
        await $`ip netns exec ${second.pid} ip addr add 10.1.1.1/32 dev A`
        await $`ip netns exec ${second.pid} ip link set A up`
        await $`ip netns exec ${second.pid} ip route add 10.1.1.2/32 dev A`
        await $`ip link set B netns ${first.pid}`
        await $`ip netns exec ${first.pid} ip addr add 10.1.1.2/32 dev B`
        await $`ip netns exec ${first.pid} ip link set B up`
        await $`ip netns exec ${first.pid} ip route add 10.1.1.1/32 dev B`
        await joined(inSecond(), inFirst())
      },
    )

    step('now they hear each other, and no link of the guest sees it', { covers: ['S002-84'] }, async () => {
      await $`docker exec ${second.id} ping -c 1 10.1.1.2`
      await $`docker exec ${first.id} ping -c 1 10.1.1.1`
      const [a, b] = [inSecond(), inFirst()]
      await expect(a.ping('10.1.1.2')).to.show({ replies: [{ from: '10.1.1.2', ttl: 64 }] })
      await expect(b.ping('10.1.1.1')).to.show({ replies: [{ from: '10.1.1.1', ttl: 64 }] })
      for (const [from, end, to] of [
        [second, 'A', '10.1.1.2'],
        [first, 'B', '10.1.1.1'],
      ] as const) {
        const frames = await look.capture(['any', 'docker0', { on: end, in: { container: from.id }, as: end }], {
          filter: 'icmp',
          while: () => $`docker exec ${from.id} ping -c 1 ${to}`,
        })
        const witness = { at: end, ip: { destination: to }, ...request }
        for (const at of ['any', 'docker0']) await expect(frames).not.to.have.frame({ at }, { witness })
        await expect(frames).to.have.frame({ at: end, ip: { source: to }, icmp: { type: 'echo-reply' } })
      }
    })

    step('a link that needs no mask: an address without one is a /32', { covers: ['S002-84'] }, async () => {
      // With its last address a link loses its routes as well.
      await $`ip netns exec ${second.pid} ip addr del 10.1.1.1/32 dev A`
      await $`ip netns exec ${second.pid} ip addr add 10.1.1.1 dev A`
      await expect(inSecond().link('A')).to.have.address('10.1.1.1/32')
      await $`ip netns exec ${second.pid} ip route add 10.1.1.2 dev A`
      await expect(inSecond().routes()).to.show({ destination: '10.1.1.2', link: 'A' })
      await expect(inSecond().ping('10.1.1.2')).to.answer()
    })

    step('given the peer’s address as well, the kernel adds the route itself (beyond the document)', async () => {
      await $`ip netns exec ${second.pid} ip addr del 10.1.1.1/32 dev A`
      await expect(inSecond().routes()).to.be.absent()
      await $`ip netns exec ${second.pid} ip addr add 10.1.1.1 peer 10.1.1.2 dev A`
      await expect(inSecond().link('A')).to.have.address('10.1.1.1/32')
      await expect(inSecond().routes()).to.show({ destination: '10.1.1.2', link: 'A', protocol: 'kernel' })
      await expect(inSecond().ping('10.1.1.2')).to.answer()
      await expect(inFirst().ping('10.1.1.1')).to.answer()
    })

    step(
      'to the kernel it is Ethernet, not a point-to-point link: who is there is asked by ARP (not in the document)',
      async () => {
        const a = await inSecond().link('A')
        expect(a?.flags).to.include('BROADCAST').and.not.to.include('POINTOPOINT')
        // Each end makes sure of its neighbour 5 s after it heard of it, and a question tells who asks: once A knows nobody, B is asked by none.
        await $`ip netns exec ${first.pid} ip neigh flush dev B`
        await $`ip netns exec ${second.pid} ip neigh flush dev A`
        await $`ip netns exec ${first.pid} ip neigh flush dev B`
        await expect(inSecond().neighbours('A')).not.to.show({ address: '10.1.1.2' })
        await expect(inFirst().neighbours('B')).not.to.show({ address: '10.1.1.1' })
        const frames = await look.capture(
          { on: 'B', in: { container: first.id }, as: 'B' },
          { while: () => $`docker exec ${second.id} ping -c 1 10.1.1.2` },
        )
        await expect(frames).to.have.frames([
          { ethernet: { destination: 'ff:ff:ff:ff:ff:ff' }, arp: { operation: 'request', target: { ip: '10.1.1.2' } } },
          { arp: { operation: 'reply', sender: { ip: '10.1.1.2', mac: (await inFirst().link('B'))?.mac ?? '' } } },
          request,
        ])
      },
    )

    step('neither has a way to anybody else, nor has the guest one to them (not in the document)', async () => {
      for (const [from, to] of [
        [first, '203.0.113.1'],
        [second, '172.17.0.1'],
      ] as const) {
        const asked = await $`docker exec ${from.id} ping -c 1 ${to}`.nothrow()
        await expect(asked.stderr).to.print(/Network is unreachable/)
      }
      await expect(look.ping('10.1.1.1')).not.to.answer({
        capture: act => look.capture('eth0', { while: act }),
        frame: { ip: { destination: '10.1.1.1' }, ...request },
      })
    })

    step(
      'containers that have a network can have such a wire too, and keep their network',
      { covers: ['S002-85'] },
      async () => {
        const pids: string[] = []
        for (const name of ['third', 'fourth']) {
          await $`docker run -itd --rm --name ${name} johnklee/tutorial /bin/bash`
          defer`docker rm -f ${name}`
          const pid = await pidOf(name)
          await $`ln -s /proc/${pid}/ns/net /var/run/netns/${pid}`
          defer`rm /var/run/netns/${pid}`
          pids.push(pid)
        }
        await $`ip link add A type veth peer name B`
        await $`ip link set A netns ${pids[0]}`
        await $`ip netns exec ${pids[0]} ip addr add 10.1.1.1/32 dev A`
        await $`ip netns exec ${pids[0]} ip link set A up`
        await $`ip netns exec ${pids[0]} ip route add 10.1.1.2/32 dev A`
        await $`ip link set B netns ${pids[1]}`
        await $`ip netns exec ${pids[1]} ip addr add 10.1.1.2/32 dev B`
        await $`ip netns exec ${pids[1]} ip link set B up`
        await $`ip netns exec ${pids[1]} ip route add 10.1.1.1/32 dev B`
        await joined(third, fourth)
        const addressOf = async (name: string) =>
          (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
        for (const [from, to, wire, across] of [
          ['third', 'fourth', 'A', '10.1.1.2'],
          ['fourth', 'third', 'B', '10.1.1.1'],
        ] as const) {
          const points = ['docker0', { on: wire, in: { container: from }, as: 'wire' }]
          const old = await addressOf(to)
          const frames = await look.capture(points, {
            filter: 'icmp',
            while: async () => {
              await $`docker exec ${from} ping -c 1 ${across}`
              await $`docker exec ${from} ping -c 1 ${old}`
            },
          })
          const [byWire, byBridge] = [across, old].map(address => ({
            ip: { source: address },
            icmp: { type: 'echo-reply' },
          }))
          await expect(frames).to.have.frame({ at: 'wire', ...byWire })
          await expect(frames).to.have.frame({ at: 'docker0', ...byBridge })
          await expect(frames).not.to.have.frame({ at: 'docker0', ...byWire }, { witness: { at: 'wire', ...byWire } })
          await expect(frames).not.to.have.frame(
            { at: 'wire', ...byBridge },
            { witness: { at: 'docker0', ...byBridge } },
          )
        }
        // And to all that is beyond it.
        await expect(third.ping('203.0.113.1')).to.answer()
      },
    )

    step(
      'the wire ends with either container, and with a restart; its name under /var/run/netns stays and leads nowhere (not in the document)',
      async () => {
        await $`docker restart -t 0 third`
        await expect(look.in({ container: 'third' }).link('A')).to.be.absent()
        await expect(look.bridgeBehind('third')).to.show('docker0')
        await expect(fourth.link('B')).to.be.absent()
        await $`docker rm -f ${first.id}`
        await expect(inSecond().link('A')).to.be.absent()
        await expect(look.netns()).to.show({ name: second.pid })
        const { stderr } = await $`ip netns exec ${first.pid} ip link`.nothrow()
        await expect(stderr).to.print(`Cannot open network namespace "${first.pid}"`)
        const { stdout } = await $`readlink /var/run/netns/${first.pid}`
        expect(stdout).to.equal(`/proc/${first.pid}/ns/net\n`)
      },
    )
  },
)
