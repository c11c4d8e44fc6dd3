import { differs, lab, shows } from '../harness/index.ts'

const topology = `
  test                      guest                               outside
 +---------------+         +---------------------------+       +-----------------+
 | eth0          o---------o docker0            eth0   o-------o   203.0.113.1   |
 | 172.17.0.2    |         | 172.17.0.1    203.0.113.2 |       | 114.114.114.114 |
 +---------------+     .---o         '-- MASQUERADE -> |       |                 |
  near                 |   |                           |       | 172.17.0.0/16   |
 +---------------+     |   |                           |       | by 203.0.113.2, |
 | eth0          o-----'   |                           |       | when asked for  |
 +---------------+         +---------------------------+       +-----------------+
`

export default lab(
  {
    title: 'Out of a container: what is masqueraded, and what is spared',
    document: '002_4055c2f40a7b121a',
    finds:
      'out is open and in is shut, also for one who knows the way; spared are neighbours, the guest itself, networks that ask for it (since engine 28 that cuts off replies, unless they are routed), and what conntrack can’t place: a late FIN leaves with its private source',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const test = look.in({ container: 'test' })
    const outside = look.in({ netns: 'outside' })
    const nat = look.iptables({ table: 'nat' })
    const masquerade = '-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'
    const address = { test: '', near: '' }
    const addressOf = async (name: string, network = 'bridge') =>
      (await look.container(name))?.NetworkSettings.Networks[network]?.IPAddress ?? ''
    const pidOf = async (name: string) => (await look.container(name))?.State.Pid ?? 0
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)

    step(
      'a container that publishes nothing reaches outside, by TCP and by ICMP',
      { covers: ['S002-62', differs('S004-28', 'it is the way in; the way out needs no port mapped')] },
      async () => {
        await $`docker run -d --name test nginx:alpine`
        defer`docker rm -f test`
        address.test = await addressOf('test')
        await expect(look.container('test')).to.show({ HostConfig: { PortBindings: {} } })
        await expect(test.ping('114.114.114.114')).to.answer()
        const serving = $`ip netns exec outside timeout 30 nc -n -l 203.0.113.1 7000`.nothrow()
        await expect(outside.sockets()).to.show({ protocol: 'tcp', port: 7000 })
        await expect(test.tcp('203.0.113.1', 7000)).to.answer()
        await serving
      },
    )

    step('outside does not reach it, not even with a route to its network', { covers: ['S002-62'] }, async () => {
      const none = await $`ip netns exec outside ping -c 1 -W 1 ${address.test}`.nothrow()
      await expect(none.stderr).to.print(/unreachable/i)
      await $`ip -n outside route add 172.17.0.0/16 via 203.0.113.2`
      defer`ip -n outside route del 172.17.0.0/16 via 203.0.113.2`
      await expect(outside.routes()).to.show({ destination: '172.17.0.0/16', gateway: '203.0.113.2' })
      const onUplink = (act: () => Promise<unknown>) => look.capture('eth0', { while: act })
      await expect(outside.ping(address.test)).not.to.answer({
        capture: onUplink,
        frame: { ip: { destination: address.test }, icmp: { type: 'echo-request' } },
      })
      await expect(outside.tcp(address.test, 80)).not.to.answer({
        capture: onUplink,
        frame: { ip: { destination: address.test }, tcp: { destinationPort: 80, flags: ['SYN'] } },
      })
      // Who would: its neighbour does, and so does the guest.
      await expect(look.http(`http://${address.test}`)).to.answer()
    })

    step(
      'it is the policy of FORWARD that shuts it out up to engine 26, since 28 a rule of raw',
      {
        changed: [
          {
            since: 28,
            of: 'forwarding and filtering',
            says: 'Each container has a rule in table raw that drops what comes for its address by another link than its bridge; before, the policy of FORWARD shut it out, and nothing did where that was ACCEPT',
          },
        ],
      },
      async () => {
        const ask = () => outside.tcp(address.test, 80, { timeoutS: 1 }).take()
        if ((await major()) >= 28) {
          const drop = `-t raw -A PREROUTING -d ${address.test}/32 ! -i docker0 -j DROP`
          await expect(look.iptables({ table: 'raw' })).to.use(drop, { while: ask })
          // A second one stands behind it, for whatever is not published.
          await $`iptables -t raw -D PREROUTING -d ${address.test}/32 ! -i docker0 -j DROP`
          defer`iptables -t raw -A PREROUTING -d ${address.test}/32 ! -i docker0 -j DROP`
          const last = '-t filter -A DOCKER ! -i docker0 -o docker0 -j DROP'
          await expect(look.iptables({ table: 'filter' })).to.use(last, { while: ask })
          await $`iptables -t raw -A PREROUTING -d ${address.test}/32 ! -i docker0 -j DROP`
          await expect(look.iptables({ table: 'raw' })).to.have.rule(drop)
        } else {
          await expect(look.iptables()).to.have.policy('filter', 'FORWARD', 'DROP')
          await $`iptables -P FORWARD ACCEPT`
          defer`iptables -P FORWARD DROP`
          await expect(look.iptables()).to.have.policy('filter', 'FORWARD', 'ACCEPT')
          await expect(outside.http(`http://${address.test}`)).to.answer()
          await $`iptables -P FORWARD DROP`
          await expect(look.iptables()).to.have.policy('filter', 'FORWARD', 'DROP')
        }
        await expect(outside.tcp(address.test, 80)).not.to.answer({
          capture: act => look.capture('eth0', { while: act }),
          frame: { ip: { destination: address.test }, tcp: { destinationPort: 80, flags: ['SYN'] } },
        })
      },
    )

    step('a published port is the way in', { covers: ['S004-28'] }, async () => {
      await $`docker run -d --name near -p 8080:80 nginx:alpine`
      defer`docker rm -f near`
      address.near = await addressOf('near')
      // Were it not rewritten, the userland proxy would answer, and ask for it from the guest's end of docker0.
      await expect(outside.http('http://203.0.113.2:8080')).to.show({ seenFrom: { address: '203.0.113.1' } })
    })

    step(
      'up to engine 26 publishing also opens the container’s own port to who has the route; since 28 not',
      {
        changed: [
          {
            since: 28,
            of: 'published ports',
            says: 'A published port opens nothing at the container’s own address: a rule in table raw drops what comes for it by another link; before, a route to it was enough',
          },
        ],
      },
      async () => {
        if ((await major()) >= 28) {
          await expect(outside.tcp(address.near, 80)).not.to.answer({
            capture: act => look.capture('eth0', { while: act }),
            frame: { ip: { destination: address.near }, tcp: { destinationPort: 80, flags: ['SYN'] } },
          })
        } else {
          await expect(outside.http(`http://${address.near}`)).to.show({ seenFrom: { address: '203.0.113.1' } })
        }
      },
    )

    step(
      'what leaves by eth0 gets the guest’s address there, by one rule for the whole subnet',
      { covers: ['S002-63'] },
      async () => {
        const { stdout } = await $`iptables -t nat -nL`
        await expect(stdout).to.print(/^MASQUERADE +(all|0) +-- +172\.17\.0\.0\/16 +0\.0\.0\.0\/0 *$/m)
        const ping = () => $`docker exec test ping -c 1 114.114.114.114`
        await expect(nat).to.use(masquerade, { times: 1, while: ping })
        const frames = await look.capture(['docker0', 'eth0'], { filter: 'icmp', while: ping })
        await expect(frames).to.have.rewrite({
          from: { at: 'docker0', ip: { source: address.test }, icmp: { type: 'echo-request' } },
          to: { at: 'eth0', ip: { source: '203.0.113.2' }, icmp: { type: 'echo-request' } },
        })
        await expect(frames).to.have.rewrite({
          from: { at: 'eth0', ip: { destination: '203.0.113.2' }, icmp: { type: 'echo-reply' } },
          to: { at: 'docker0', ip: { destination: address.test }, icmp: { type: 'echo-reply' } },
        })
      },
    )

    step(
      'the list does not show that the rule spares docker0: neighbours see who asks, and so does the guest',
      {
        covers: [
          differs(
            'S002-63',
            'only what leaves by another link than docker0; what conntrack can’t place is spared as well',
          ),
        ],
      },
      async () => {
        await expect(nat).to.have.rule(masquerade)
        await expect(nat).not.to.use(masquerade, {
          while: async () => {
            await expect(test.http(`http://${address.near}`)).to.show({ seenFrom: { address: address.test } })
            // What is for the guest itself never comes to POSTROUTING.
            for (const own of ['172.17.0.1', '203.0.113.2']) {
              await expect(test.ping(own)).to.answer()
              await expect(look.conntrack({ protocol: 'icmp', filter: ['-d', own] })).to.show({
                original: { source: address.test },
                reply: { destination: address.test },
              })
            }
          },
        })
      },
    )

    step(
      'a late FIN, of a connection that conntrack has forgotten, leaves with the private source',
      {
        covers: [
          differs(
            'S002-63',
            'only what leaves by another link than docker0; what conntrack can’t place is spared as well',
          ),
        ],
      },
      async () => {
        const lateFin = async (port: number, points: string[]) => {
          const serving = $`ip netns exec outside timeout 60 nc -n -l 203.0.113.1 ${port}`.nothrow()
          await expect(outside.sockets()).to.show({ protocol: 'tcp', port })
          const asking = $`nsenter -t ${await pidOf('test')} -n nc -n 203.0.113.1 ${port}`.nothrow()
          const flow = look.conntrack({ protocol: 'tcp', filter: ['--dport', String(port)] })
          await expect(flow).to.show({ state: 'ESTABLISHED', reply: { destination: '203.0.113.2' } })
          const frames = await look.capture(points, {
            filter: `tcp port ${port}`,
            while: async () => {
              await $`conntrack -D -p tcp --dport ${port}`
              await expect(flow).to.be.absent()
              await asking.kill()
              await asking
            },
            until: seen => points.every(at => seen.some(frame => shows(frame, { at, ip: { source: address.test } }))),
          })
          // Where the FIN has come home it has ended by itself.
          if (serving.stage === 'running') await serving.kill()
          await serving
          return frames
        }
        const late = { ip: { source: address.test, destination: '203.0.113.1' }, tcp: { flags: ['FIN', 'ACK'] } }
        await expect(await lateFin(7001, ['docker0', 'eth0'])).to.have.frame({ at: 'eth0', ...late })
        // A rule of one's own keeps such packets in.
        await $`iptables -I DOCKER-USER -m conntrack --ctstate INVALID -j DROP`
        defer`iptables -D DOCKER-USER -m conntrack --ctstate INVALID -j DROP`
        await expect(look.iptables({ table: 'filter' })).to.have.rule(
          '-A DOCKER-USER -m conntrack --ctstate INVALID -j DROP',
          { position: 1 },
        )
        await expect(await lateFin(7002, ['docker0', 'eth0'])).not.to.have.frame(
          { at: 'eth0', ...late },
          { witness: { at: 'docker0', ...late } },
        )
        await expect(test.ping('114.114.114.114')).to.answer()
      },
    )

    step('MASQUERADE follows the uplink to a new address', { covers: ['S002-64'] }, async () => {
      const ping = () => $`docker exec test ping -c 1 114.114.114.114`
      // The engine can do it the other way, too: a network whose packets leave with an address that is given.
      await $`docker network create --subnet 192.0.2.0/24 -o com.docker.network.host_ipv4=203.0.113.2 fixed`
      defer`docker network rm fixed`
      await $`docker run -itd --name snatted --net fixed centos`
      defer`docker rm -f snatted`
      const bridge = await look.bridge('fixed')
      await expect(nat).to.have.rule(
        `-t nat -A POSTROUTING -s 192.0.2.0/24 ! -o ${bridge} -j SNAT --to-source 203.0.113.2`,
      )
      await expect(look.in({ container: 'snatted' }).ping('114.114.114.114')).to.answer()
      // The routes by eth0 would go with its last address, and a second one of the same subnet with the first.
      await $`ip addr add 203.0.113.9/25 dev eth0`
      defer`ip addr del 203.0.113.9/25 dev eth0`
      await expect(look.link('eth0')).to.have.address('203.0.113.9/25')
      await $`ip addr del 203.0.113.2/24 dev eth0`
      defer`ip addr add 203.0.113.2/24 dev eth0`
      const frames = await look.capture('eth0', { filter: 'icmp', while: ping })
      await expect(frames).to.have.frame({ ip: { source: '203.0.113.9' }, icmp: { type: 'echo-request' } })
      await expect(frames).to.have.frame({ ip: { destination: '203.0.113.9' }, icmp: { type: 'echo-reply' } })
      // SNAT keeps the address that it was given: nobody answers to it. Outside would know its MAC from before.
      await $`ip -n outside neigh flush all`
      await expect(look.in({ container: 'snatted' }).ping('114.114.114.114')).not.to.answer({
        capture: act => look.capture('eth0', { while: act }),
        frame: { ip: { source: '203.0.113.2', destination: '114.114.114.114' }, icmp: { type: 'echo-request' } },
      })
    })

    step(
      'a network can ask to be spared: it leaves as it is, and outside must know the way back',
      {
        changed: [
          {
            since: 28,
            of: 'forwarding and filtering',
            says: 'A network that is not masqueraded (enable_ip_masquerade=false) gets no replies from outside: table raw drops them, unless its gateway mode is routed',
          },
        ],
      },
      async () => {
        const known = async (name: string, option: string) => {
          await $`docker network create --subnet 198.51.100.0/24 -o ${option} ${name}`
          defer`docker network rm ${name}`
          await expect(look.routes()).to.show({ destination: '198.51.100.0/24' })
          await $`docker run -itd --name ${name}-1 --net ${name} centos`
          defer`docker rm -f ${name}-1`
          return await addressOf(`${name}-1`, name)
        }
        const source = await known('unmasked', 'com.docker.network.bridge.enable_ip_masquerade=false')
        const unmasked = look.in({ container: 'unmasked-1' })
        const bridge = await look.bridge('unmasked')
        await expect(nat).not.to.have.rule(`-t nat -A POSTROUTING -s 198.51.100.0/24 ! -o ${bridge} -j MASQUERADE`)
        const onLan = (act: () => Promise<unknown>) =>
          look.capture({ on: 'lan0', in: { netns: 'outside' } }, { while: act })
        await expect(unmasked.ping('203.0.113.1')).not.to.answer({
          capture: onLan,
          frame: { ip: { source, destination: '203.0.113.1' }, icmp: { type: 'echo-request' } },
        })
        await $`ip -n outside route add 198.51.100.0/24 via 203.0.113.9`
        defer`ip -n outside route del 198.51.100.0/24 via 203.0.113.9`
        await expect(outside.routes()).to.show({ destination: '198.51.100.0/24', gateway: '203.0.113.9' })
        if ((await major()) >= 28) {
          // Outside answers now, but raw comes before conntrack: its rule cannot know that this is a reply.
          await expect(unmasked.ping('203.0.113.1')).not.to.answer({
            capture: onLan,
            frame: { ip: { source: '203.0.113.1', destination: source }, icmp: { type: 'echo-reply' } },
          })
          await expect(look.iptables({ table: 'raw' })).to.use(
            `-t raw -A PREROUTING -d ${source}/32 ! -i ${bridge} -j DROP`,
            { while: () => unmasked.ping('203.0.113.1').take() },
          )
          await $`docker rm -f unmasked-1`
          await $`docker network rm unmasked`
          // There it is a network of gateway mode `routed` that has neither rule.
          await known('routed', 'com.docker.network.bridge.gateway_mode_ipv4=routed')
          await expect(look.in({ container: 'routed-1' }).ping('203.0.113.1')).to.answer()
        } else {
          await expect(unmasked.ping('203.0.113.1')).to.answer()
        }
      },
    )
  },
)
