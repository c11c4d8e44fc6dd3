import { isFalse, lab } from '../harness/index.ts'

const topology = `
  client, web, shop-1, shop-2     guest                          outside
 +---------------------------+   +-------------------------+    +-----------------+
 | dig -> 127.0.0.11:53      |   |                         |    | name server     |
 |            | DNAT         |   |  my-net                 |    | 203.0.113.1:53  |
 |            v              |   |  +--------+             |    | example.com     |
 | dockerd on 127.0.0.11     |   |  | bridge |        eth0 o----o                 |
 |                    eth0 o-+---+--o        | 203.0.113.2 |    |                 |
 +---------------------------+   +-------------------------+    +-----------------+
`

export default lab(
  {
    title: 'The engine’s own name server: what it answers, and whom it asks',
    document: '004_1c2b727b65294316',
    finds:
      'A, AAAA and PTR of its networks, no SRV; what it does not know it asks of the guest’s servers, names of stopped containers too',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer, fixture }) => {
    const client = look.in({ container: 'client' })
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const endpoint = async (container: string) => {
      const on = (await look.container(container))?.NetworkSettings.Networks['my-net']
      return { address: on?.IPAddress ?? '', address6: on?.GlobalIPv6Address ?? '' }
    }
    const upstream = {
      queries: async (_: { while: () => unknown }): Promise<Array<{ name: string; type: string }>> => [],
    }
    /** A name that only the upstream knows: that it is asked for it shows that it would have been seen. */
    const witness = () => $`docker exec client dig +short host.example.com`
    const asked = { from: '203.0.113.2', name: 'host.example.com', type: 'A' }

    step(
      'in a container of a network of one’s own the engine listens on 127.0.0.11, for UDP and for TCP',
      { covers: ['S004-33'] },
      async () => {
        const names = await fixture.nameServer([
          'host.example.com A 192.0.2.7',
          '_http._tcp.web SRV 0 0 8080 host.example.com',
        ])
        defer`kill ${names.pid}`
        upstream.queries = names.queries
        // The engine lets the guest forward IPv6 for it, and leaves it so; since 28 with a policy against it.
        defer`sysctl -w net.ipv6.conf.all.forwarding=0`
        defer`ip6tables -P FORWARD ACCEPT`
        await $`docker network create --ipv6 --subnet 2001:db8:1::/64 my-net`
        defer`docker network rm my-net`
        await expect(look.network('my-net')).to.show({ IPAM: { Config: { Subnet: '2001:db8:1::/64' } } })
        await expect(look.sysctl('net.ipv6.conf.all.forwarding')).to.show('1')
        const bridge = await look.bridge('my-net')
        await $`docker run -d --name client --net my-net centos sleep infinity`
        defer`docker rm -f client`
        await expect(look.bridgeBehind('client')).to.show(bridge)
        await $`docker run -d --name web --net my-net -p 8088:80 nginx:alpine`
        defer`docker rm -f web`
        await expect(look.bridgeBehind('web')).to.show(bridge)
        const configured = await $`docker exec client cat /etc/resolv.conf`
        expect(configured.stdout.match(/^nameserver .*$/gm)).to.deep.equal(['nameserver 127.0.0.11'])
        for (const protocol of ['udp', 'tcp'] as const) {
          const sockets = (await client.sockets()).filter(socket => socket.protocol === protocol)
          expect(sockets).to.have.lengthOf(1)
          await expect(sockets).to.show({ address: '127.0.0.11', process: 'dockerd' })
          // Not on port 53: that one is left to the container.
          const rule = `-t nat -A DOCKER_OUTPUT -d 127.0.0.11/32 -p ${protocol} --dport 53 -j DNAT --to-destination 127.0.0.11:${sockets[0]?.port}`
          await expect(client.iptables({ table: 'nat' })).to.use(rule, {
            times: 1,
            while: () => $`docker exec client dig +short ${protocol === 'tcp' ? '+tcp' : '+notcp'} web @127.0.0.11`,
          })
        }
      },
    )

    step('A: a container’s name gives its address, and nobody else is asked', { covers: ['S004-35'] }, async () => {
      const { address } = await endpoint('web')
      const id = (await look.container('web'))?.Id.slice(0, 12)
      const heard = await upstream.queries({
        while: async () => {
          for (const name of ['web', 'WEB', 'web.my-net', id]) {
            const { stdout } = await $`docker exec client dig +short ${name} A`
            expect(stdout).to.equal(`${address}\n`)
          }
          const itself = await $`docker exec client dig +short client A`
          expect(itself.stdout).to.equal(`${(await endpoint('client')).address}\n`)
          await witness()
        },
      })
      expect(heard).to.deep.equal([asked])
    })

    step('AAAA: and its IPv6 address, where it has one (the document does not name the type)', async () => {
      const { address6 } = await endpoint('web')
      expect(address6).to.match(/^2001:db8:1::/)
      const { stdout } = await $`docker exec client dig +short web AAAA`
      expect(stdout).to.equal(`${address6}\n`)
      await $`docker network create v4-net`
      defer`docker network rm v4-net`
      await $`docker run -d --name v4-web --net v4-net nginx:alpine`
      defer`docker rm -f v4-web`
      await expect(look.bridgeBehind('v4-web')).to.show(await look.bridge('v4-net'))
      const heard = await upstream.queries({
        while: async () => {
          // There is such a name, only no such record: that too the engine says by itself.
          const none = await $`docker exec v4-web dig v4-web AAAA`
          await expect(none.stdout).to.print(/status: NOERROR/)
          await expect(none.stdout).to.print(/ANSWER: 0/)
          await witness()
        },
      })
      expect(heard).to.deep.equal([asked])
    })

    step(
      'PTR: an address gives the container’s name, NAME.NETWORK, without asking anybody',
      { covers: ['S004-37'] },
      async () => {
        const { address, address6 } = await endpoint('web')
        const heard = await upstream.queries({
          while: async () => {
            for (const one of [address, address6]) {
              const { stdout } = await $`docker exec client dig +short -x ${one}`
              expect(stdout).to.equal('web.my-net.\n')
            }
            await witness()
          },
        })
        expect(heard).to.deep.equal([asked])
        // An address of nobody’s is the upstream’s business.
        const others = await upstream.queries({ while: () => $`docker exec client dig +short -x 192.0.2.99` })
        await expect(others).to.show({ name: '99.2.0.192.in-addr.arpa', type: 'PTR' })
      },
    )

    step(
      'SRV: it has none, whatever a container exposes or publishes; the query goes on to the upstream',
      {
        covers: [isFalse('S004-36', 'it knows no port of anything; an SRV query is passed on to the guest’s servers')],
      },
      async () => {
        // web exposes 80 and publishes it as 8088.
        expect((await look.container('web'))?.NetworkSettings.Ports['80/tcp']?.[0]).to.include({ HostPort: '8088' })
        for (const name of ['web', '_80._tcp.web', '_tcp.web', '_http._tcp.web.my-net']) {
          const heard = await upstream.queries({
            while: async () => {
              const { stdout } = await $`docker exec client dig ${name} SRV`
              await expect(stdout).to.print(/status: NXDOMAIN/)
            },
          })
          await expect(heard).to.show({ name, type: 'SRV' })
        }
        // What the upstream says of a name that is a container’s is handed on as it is.
        const { stdout } = await $`docker exec client dig +short _http._tcp.web SRV`
        expect(stdout).to.equal('0 0 8080 host.example.com.\n')
      },
    )

    step(
      'an alias is the name of a service: it gives the addresses of all who have it, in any order',
      { covers: ['S004-39'] },
      async () => {
        await $`docker run -d --name shop-1 --net my-net --network-alias shop nginx:alpine`
        defer`docker rm -f shop-1`
        await $`docker run -d --name shop-2 --net my-net --network-alias shop nginx:alpine`
        defer`docker rm -f shop-2`
        for (const name of ['shop-1', 'shop-2'])
          await expect(look.bridgeBehind(name)).to.show(await look.bridge('my-net'))
        const [one, two] = [(await endpoint('shop-1')).address, (await endpoint('shop-2')).address]
        const resolve = async (count = 1) => {
          const { stdout } = await $`docker exec client dig +short ${Array(count).fill('shop')}`
          return stdout.trim().split('\n')
        }
        expect((await resolve()).sort()).to.deep.equal([one, two].sort())
        // Shuffled anew for each answer: who takes the first gets, of thirty, each.
        const first = (await resolve(30)).filter((_, index) => index % 2 === 0)
        expect([...new Set(first)].sort()).to.deep.equal([one, two].sort())
        const page = await $`docker exec client curl -s -m 3 http://shop`
        await expect(page.stdout).to.print('Welcome to nginx!')
        // Who goes is not named any more, who comes is, at whatever address.
        await $`docker stop -t 0 shop-1`
        expect(await resolve()).to.deep.equal([two])
        await $`docker start shop-1`
        await expect(look.bridgeBehind('shop-1')).to.show(await look.bridge('my-net'))
        expect((await resolve()).sort()).to.deep.equal([(await endpoint('shop-1')).address, two].sort())
        // The containers’ own names are no worse for it.
        const name = await $`docker exec client curl -s -m 3 http://shop-2`
        await expect(name.stdout).to.print('Welcome to nginx!')
      },
    )

    step(
      'a name that no running container of the network has is asked of the upstream, a stopped one’s too (the document does not say so)',
      async () => {
        await $`docker stop -t 0 shop-1`
        for (const name of ['host.example.com', 'shop-1', 'v4-web', 'nowhere']) {
          const heard = await upstream.queries({ while: () => $`docker exec client dig +short ${name}` })
          expect(heard).to.deep.equal([{ from: '203.0.113.2', name, type: 'A' }])
        }
        const { stdout } = await $`docker exec client dig +short host.example.com`
        expect(stdout).to.equal('192.0.2.7\n')
        const unknown = await $`docker exec client dig v4-web`
        await expect(unknown.stdout).to.print(/status: NXDOMAIN/)
      },
    )

    step(
      'up to engine 26 it asks from the container’s netns, since 28 from the guest’s (the document does not say so)',
      {
        changed: [
          {
            since: 28,
            of: 'names',
            says: 'The engine’s name server asks the guest’s servers from the guest’s netns; before, from the container’s, masqueraded like all that leaves it',
          },
        ],
      },
      async () => {
        const bridge = await look.bridge('my-net')
        const { address } = await endpoint('client')
        const frames = await look.capture([bridge, 'eth0'], { filter: 'udp port 53', while: witness })
        const onEth0 = { at: 'eth0', ip: { source: '203.0.113.2', destination: '203.0.113.1' } }
        if ((await major()) >= 28) {
          await expect(frames).not.to.have.frame({ at: bridge }, { witness: onEth0 })
        } else {
          await expect(frames).to.have.rewrite({
            from: { at: bridge, ip: { source: address }, udp: { destinationPort: 53 } },
            to: { ...onEth0, udp: { destinationPort: 53 } },
          })
        }
      },
    )

    step(
      'from an internal network it asks nobody, and still knows its own (the document does not say so)',
      async () => {
        await $`docker network create --internal inside`
        defer`docker network rm inside`
        await $`docker run -d --name insider --net inside centos sleep infinity`
        defer`docker rm -f insider`
        await expect(look.bridgeBehind('insider')).to.show(await look.bridge('inside'))
        const heard = await upstream.queries({
          while: async () => {
            const own = await $`docker exec insider dig +short insider`
            await expect(own.stdout).to.print(/^[\d.]+$/m)
            const beyond = await $`docker exec insider dig +time=1 +tries=1 host.example.com`.nothrow()
            await expect(beyond.stdout).to.print(/status: SERVFAIL|timed out|no servers could be reached/)
            await witness()
          },
        })
        expect(heard).to.deep.equal([asked])
      },
    )

    step(
      'the name of a swarm’s service gives the addresses of its tasks, and no port either',
      {
        covers: ['S004-39', isFalse('S004-36', 'not even for a service of a swarm that publishes a port')],
        needs: { kernel: ['vxlan'] },
      },
      async () => {
        // What a swarm's node changes, only where the kernel has one such setting for all: not in a sandbox.
        const { stdout: settings } = await $`sysctl -e net.ipv4.neigh.default.gc_thresh{1,2,3}`
        defer`echo ${settings} | sysctl -e -p -`
        // The engine makes a swarm's networks side by side, and each takes the jump to DOCKER-USER out and puts it in anew: it may be there twice then.
        defer`while [ "$(iptables -S FORWARD | grep -cxe '-A FORWARD -j DOCKER-USER')" -gt 1 ]; do for how in -D -D -I; do iptables $how FORWARD -j DOCKER-USER; done; done`
        await $`docker swarm init --advertise-addr 203.0.113.2`
        defer`docker network rm docker_gwbridge`
        defer`docker swarm leave --force`
        const advertised = await $`docker info -f '{{.Swarm.NodeAddr}}'`
        expect(advertised.stdout).to.equal('203.0.113.2\n')
        // The engine goes on for a while after it has answered; the last that it makes is the way out of what takes in for the swarm.
        await expect(look.ports('docker_gwbridge')).to.show([{ state: 'forwarding' }])
        await $`docker network create -d overlay --attachable svc-net`
        defer`docker network rm svc-net`
        await $`docker service create -d --name orders --network svc-net --endpoint-mode dnsrr --replicas 2 --publish mode=host,target=80 --no-resolve-image nginx:alpine`
        defer`docker service rm orders`
        await $`docker run -d --name buyer --net svc-net centos sleep infinity`
        defer`docker rm -f buyer`
        // Its way out, beside the overlay.
        await expect(look.bridgeBehind('buyer', 'eth1')).to.show('docker_gwbridge')
        const resolved = look.in({ container: 'buyer' }).at({
          title: 'addresses of orders',
          script: 'dig +short orders @127.0.0.11',
          parse: ({ stdout }) => stdout.split('\n').filter(Boolean).sort(),
        })
        await expect(resolved).to.show((found: unknown) => Array.isArray(found) && found.length === 2)
        // The way out of both tasks, of buyer and of what takes in for the swarm.
        await expect(look.ports('docker_gwbridge')).to.show([1, 2, 3, 4].map(() => ({ state: 'forwarding' })))
        const tasks = Object.values((await look.network('svc-net'))?.Containers ?? {})
        const addresses = tasks.filter(({ Name }) => Name.startsWith('orders.')).map(({ IPv4Address }) => IPv4Address)
        expect(await resolved).to.deep.equal(addresses.map(address => address.replace('/24', '')).sort())
        const { stdout } = await $`docker exec buyer curl -s -m 3 http://orders`
        await expect(stdout).to.print('Welcome to nginx!')
        for (const name of ['orders', '_80._tcp.orders', '_http._tcp.orders']) {
          const heard = await upstream.queries({ while: () => $`docker exec buyer dig +short ${name} SRV` })
          await expect(heard).to.show({ name, type: 'SRV' })
        }
      },
    )
  },
)
