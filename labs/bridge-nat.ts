import { differs, isFalse, lab, shows } from '../harness/index.ts'

const topology = `
  ns01                          guest                              outside
 +-----------------+           +---------------------------+      +-----------------+
 | veth01          |           |        br01               |      |                 |
 | 192.168.88.11 o-+-----------+-o br-veth01               |      |   203.0.113.1   |
 +-----------------+           |        192.168.88.1  eth0 o------o   114.114.114.114
 | veth02          |           |               203.0.113.2 |      |                 |
 | 192.168.88.12 o-+-----------+-o br-veth02               |      | no way back to  |
 +-----------------+           |                           |      | 192.168.88.0/24 |
  ns02                         +---------------------------+      +-----------------+
`

export default lab(
  {
    title: 'A bridge, two namespaces and NAT, by hand',
    document: '001_b001d9c9a1a19151',
    finds:
      'the commands hold, but for `ip netns NAME COMMAND`, which needs `exec`; no reply is discarded on its way back: none is sent; the documented clean-up leaves forwarding on',
    topology,
    engine: false,
  },
  ({ $, look, expect, step, defer }) => {
    const ns01 = look.in({ netns: 'ns01' })
    const ns02 = look.in({ netns: 'ns02' })
    const outside = look.in({ netns: 'outside' })
    const masquerade = '-t nat -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE'
    const snat = '-t nat -A POSTROUTING -s 192.168.88.0/24 -j SNAT --to-source 203.0.113.2'
    const pairs: Array<{ done(): void }> = []

    step('br01 is a bridge', { covers: ['S001-09'] }, async () => {
      await $`brctl addbr br01`
      defer`brctl delbr br01`
      await expect(look.link('br01')).to.be.bridge()
    })

    step('either of two commands brings br01 up', { covers: ['S001-10'] }, async () => {
      await $`ip link set dev br01 up`
      defer`ifconfig br01 down`
      await expect(look.link('br01')).to.be.up()
      await $`ip link set dev br01 down`
      await expect(look.link('br01')).not.to.be.up()
      await $`ifconfig br01 up`
      await expect(look.link('br01')).to.be.up()
    })

    step('br01 has the address that will be the gateway', { covers: ['S001-11'] }, async () => {
      await $`ifconfig br01 192.168.88.1/24 up`
      await expect(look.link('br01')).to.have.address('192.168.88.1/24')
      await expect(look.routes()).to.show({ destination: '192.168.88.0/24', link: 'br01' })
    })

    step('ns01 and ns02 are network namespaces', { covers: ['S001-12'] }, async () => {
      await $`ip netns add ns01`
      defer`ip netns del ns01`
      await $`ip netns add ns02`
      defer`ip netns del ns02`
      const { stdout } = await $`ip netns list`
      await expect(stdout).to.print(/^ns01\b/m)
      await expect(stdout).to.print(/^ns02\b/m)
      await expect(look.netns()).to.show({ name: 'ns01' })
      await expect(look.netns()).to.show({ name: 'ns02' })
    })

    step('a veth comes as a pair', { covers: ['S001-06', 'S001-13'] }, async () => {
      await $`ip link add veth01 type veth peer name br-veth01`
      pairs.push(defer`ip link delete br-veth01`)
      await $`ip link add veth02 type veth peer name br-veth02`
      pairs.push(defer`ip link delete br-veth02`)
      await expect(look.peer('veth01')).to.be.pairedWith(look.peer('br-veth01'))
      await expect(look.peer('veth02')).to.be.pairedWith(look.peer('br-veth02'))
      await expect(look.peer('veth01')).not.to.be.pairedWith(look.peer('br-veth02'))
    })

    step('br-veth01 and br-veth02 are ports of br01', { covers: ['S001-14'] }, async () => {
      await $`brctl addif br01 br-veth01`
      await $`brctl addif br01 br-veth02`
      const { stdout } = await $`brctl show br01`
      await expect(stdout).to.print(/^br01\s+8000\.[0-9a-f]{12}\s+no\s+br-veth01$/m)
      await expect(stdout).to.print(/^\s+br-veth02$/m)
      await expect(look.link('br-veth01')).to.be.portOf('br01')
      await expect(look.link('br-veth02')).to.be.portOf('br01')
    })

    step(
      'each wire leads into a namespace',
      {
        covers: [
          'S001-06',
          differs('S001-08', 'the end in ns02 is veth02, as the commands make it, not veth01'),
          'S001-15',
        ],
      },
      async () => {
        await $`ip link set dev br-veth01 up`
        await $`ip link set dev br-veth02 up`
        await $`ip link set veth01 netns ns01`
        await $`ip link set veth02 netns ns02`
        await expect(look.link('veth01')).to.be.absent()
        await expect(look.link('br-veth01')).to.be.up()
        await expect(look.link('br-veth02')).to.be.up()
        await expect(look.peer('br-veth01')).to.be.pairedWith(ns01.peer('veth01'))
        // The document's drawing calls both far ends veth01; the one in ns02 is veth02, as its commands say.
        await expect(look.peer('br-veth02')).to.be.pairedWith(ns02.peer('veth02'))
        await expect(ns02.link('veth01')).to.be.absent()
      },
    )

    step(
      'commands run in a namespace with `exec`, which the document leaves out',
      { covers: [differs('S001-16', 'the command is `ip netns exec NAME COMMAND`')] },
      async () => {
        const asDocumented = await $`ip netns ns01 ip link`.nothrow()
        expect(asDocumented.exitCode).not.to.equal(0)
        await expect(asDocumented.stderr).to.print(/unknown/i)
        const { stdout } = await $`ip netns exec ns01 ip link`
        await expect(stdout).to.print('veth01')
      },
    )

    step(
      'in ns01 everything is down, and veth01 has no address',
      { covers: [differs('S001-17', 'sit0 is there only where the kernel has loaded the sit driver')] },
      async () => {
        const { stdout } = await $`ip netns exec ns01 ip addr`
        await expect(stdout).to.print(/^\d+: lo: <LOOPBACK> .* state DOWN/m)
        await expect(stdout).to.print(/^\d+: veth01@if\d+: <BROADCAST,MULTICAST> .* state DOWN/m)
        await expect(ns01.link('lo')).to.show({ up: false })
        await expect(ns01.link('veth01')).to.show({ up: false, addresses: [] })
        // sit0, which the document shows, is there only where the kernel has loaded the sit driver.
      },
    )

    step('both namespaces have an address, and br01 as their gateway', { covers: ['S001-18'] }, async () => {
      await $`ip netns exec ns01 ip link set dev veth01 up`
      await expect(ns01.link('veth01')).to.be.up()
      await $`ip netns exec ns01 ifconfig veth01 192.168.88.11/24 up`
      await $`ip netns exec ns01 ip route add default via 192.168.88.1`
      await $`ip netns exec ns02 ip link set dev veth02 up`
      await expect(ns02.link('veth02')).to.be.up()
      await $`ip netns exec ns02 ifconfig veth02 192.168.88.12/24 up`
      await $`ip netns exec ns02 ip route add default via 192.168.88.1`
      await expect(ns01.link('veth01')).to.have.address('192.168.88.11/24')
      await expect(ns02.link('veth02')).to.have.address('192.168.88.12/24')
      const viaBr01 = { destination: 'default', gateway: '192.168.88.1' }
      await expect(ns01.routes()).to.show({ ...viaBr01, link: 'veth01' })
      await expect(ns02.routes()).to.show({ ...viaBr01, link: 'veth02' })
    })

    step('ifconfig shows the addresses', { covers: ['S001-19'] }, async () => {
      const one = await $`ip netns exec ns01 ifconfig veth01`
      await expect(one.stdout).to.print(
        /inet 192\.168\.88\.11 {2}netmask 255\.255\.255\.0 {2}broadcast 192\.168\.88\.255/,
      )
      const two = await $`ip netns exec ns02 ifconfig veth02`
      await expect(two.stdout).to.print(/^veth02: flags=\d+<UP,BROADCAST,RUNNING,MULTICAST>/)
      await expect(two.stdout).to.print(
        /inet 192\.168\.88\.12 {2}netmask 255\.255\.255\.0 {2}broadcast 192\.168\.88\.255/,
      )
    })

    step(
      'ns01 and ns02 hear each other: ARP, echo, and ARP again five seconds later',
      { covers: ['S001-20'] },
      async () => {
        const askedBack = {
          arp: { operation: 'request', sender: { ip: '192.168.88.12' }, target: { ip: '192.168.88.11' } },
        }
        const answeredBack = {
          arp: { operation: 'reply', sender: { ip: '192.168.88.11' }, target: { ip: '192.168.88.12' } },
        }
        const frames = await look.capture('br01', {
          while: () => $`ip netns exec ns01 ping 192.168.88.12 -c 1`,
          until: seen => seen.some(frame => shows(frame, answeredBack)),
          patienceMs: 15_000,
        })
        const echo = { ip: { source: '192.168.88.11', destination: '192.168.88.12' }, icmp: { type: 'echo-request' } }
        await expect(frames).to.have.frames([
          { arp: { operation: 'request', sender: { ip: '192.168.88.11' }, target: { ip: '192.168.88.12' } } },
          { arp: { operation: 'reply', sender: { ip: '192.168.88.12' }, target: { ip: '192.168.88.11' } } },
          echo,
          { ip: { source: '192.168.88.12', destination: '192.168.88.11' }, icmp: { type: 'echo-reply' } },
          askedBack,
          answeredBack,
        ])
        // ns02 learned ns01's MAC from being asked, not by asking: the kernel makes sure after delay_first_probe_time, 5 s.
        const replied = frames.find(frame => frame.icmp?.type === 'echo-reply')
        const asked = frames.find(frame => shows(frame, askedBack))
        expect((asked?.time ?? 0) - (replied?.time ?? 0)).to.be.within(4, 10)
        await $`ip netns exec ns02 ping 192.168.88.11 -c 1`
        await expect(ns02.ping('192.168.88.11')).to.answer()
      },
    )

    step('what goes into one end of a wire comes out of the other', { covers: ['S001-06'] }, async () => {
      const points = [{ on: 'veth01', in: { netns: 'ns01' } }, 'br-veth01']
      const frames = await look.capture(points, { while: () => $`ip netns exec ns01 ping 192.168.88.12 -c 1` })
      const request = { icmp: { type: 'echo-request' } }
      await expect(frames).to.have.frames([
        { at: 'veth01 in netns ns01', ...request },
        { at: 'br-veth01', ...request },
      ])
    })

    step('br01 floods what is for all and forwards the rest by MAC address', { covers: ['S001-07'] }, async () => {
      const one = await ns01.link('veth01')
      const two = await ns02.link('veth02')
      await expect(look.fdb('br01')).to.show({ mac: one?.mac, link: 'br-veth01', state: 'learned' })
      await expect(look.fdb('br01')).to.show({ mac: two?.mac, link: 'br-veth02', state: 'learned' })
      const frames = await look.capture('br-veth02', { while: () => $`ip netns exec ns01 ping 192.168.88.1 -c 1` })
      // The question for the gateway's MAC reaches every port; the echo, which is for br01 itself, doesn't.
      await expect(frames).not.to.have.frame(
        { icmp: { type: 'echo-request' } },
        { witness: { arp: { operation: 'request', target: { ip: '192.168.88.1' } } } },
      )
    })

    step("ns01's ARP table knows ns02 and the gateway", { covers: ['S001-21'] }, async () => {
      const { stdout } = await $`ip netns exec ns01 arp`
      await expect(stdout).to.print(/^192\.168\.88\.12 +ether /m)
      await expect(stdout).to.print(/^192\.168\.88\.1 +ether /m)
      const two = await ns02.link('veth02')
      await expect(ns01.neighbours('veth01')).to.show({ address: '192.168.88.12', mac: two?.mac })
      await expect(ns01.neighbours('veth01')).to.show({ address: '192.168.88.1', link: 'veth01' })
    })

    step("the gateway's MAC is br01's", { covers: ['S001-22'] }, async () => {
      const { stdout } = await $`ip link`
      const br01 = await look.link('br01')
      await expect(stdout).to.print(`link/ether ${br01?.mac}`)
      await expect(ns01.neighbours('veth01')).to.show({ address: '192.168.88.1', mac: br01?.mac })
    })

    step('without forwarding, a packet for the outside ends at br01', { covers: ['S001-23'] }, async () => {
      await expect(look.sysctl('net.ipv4.ip_forward')).to.show('0')
      const frames = await look.capture(['br01', 'eth0'], {
        filter: 'host 114.114.114.114',
        while: () => $`ip netns exec ns02 ping 114.114.114.114 -c 1 -W 1`.nothrow(),
      })
      const request = {
        ip: { source: '192.168.88.12', destination: '114.114.114.114' },
        icmp: { type: 'echo-request' },
      }
      await expect(frames).not.to.have.frame({ at: 'eth0' }, { witness: { at: 'br01', ...request } })
      await expect(frames).not.to.have.frame({ icmp: { type: 'echo-reply' } }, { witness: { at: 'br01', ...request } })
    })

    step('forwarding is switched on', { covers: ['S001-24'] }, async () => {
      await $`sysctl -w net.ipv4.conf.all.forwarding=1`
      defer`sysctl -w net.ipv4.conf.all.forwarding=0`
      await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
      await expect(look.sysctl('net.ipv4.conf.br01.forwarding')).to.show('1')
    })

    step(
      'now the request leaves by eth0, with its private source and one hop less',
      { covers: ['S001-25'] },
      async () => {
        const frames = await look.capture(['br01', 'eth0'], {
          filter: 'host 114.114.114.114',
          while: () => $`ip netns exec ns02 ping 114.114.114.114 -c 1 -W 1`.nothrow(),
        })
        const request = { ip: { source: '192.168.88.12', ttl: 64 }, icmp: { type: 'echo-request' } }
        await expect(frames).to.have.rewrite({
          from: { at: 'br01', ...request },
          to: { at: 'eth0', ip: { source: '192.168.88.12', ttl: 63 } },
        })
        await expect(frames).not.to.have.frame(
          { icmp: { type: 'echo-reply' } },
          { witness: { at: 'eth0', icmp: { type: 'echo-request' } } },
        )
      },
    )

    step(
      'outside hears ns02 but cannot answer',
      {
        covers: [
          isFalse('S001-26', 'no reply is discarded: none is sent, as outside has no route to a private subnet'),
        ],
      },
      async () => {
        const uplink = { on: 'lan0', in: { netns: 'outside' }, as: 'outside' }
        await expect(ns02.ping('114.114.114.114')).not.to.answer({
          capture: act => look.capture(uplink, { while: act }),
          frame: { at: 'outside', ip: { source: '192.168.88.12' }, icmp: { type: 'echo-request' } },
        })
        // Nobody discards a reply on its way back: none is sent, as outside has no route to a private subnet.
        const wayBack = await $`ip netns exec outside ip route get 192.168.88.12`.nothrow()
        await expect(wayBack.stderr).to.print(/unreachable/i)
        await expect(outside.routes()).not.to.show({ destination: /^(default|192\.168\.)/ })
      },
    )

    step('MASQUERADE is the first rule of POSTROUTING', { covers: ['S001-28'] }, async () => {
      await $`iptables -t nat -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE`
      defer`iptables -t nat -D POSTROUTING -s 192.168.88.0/24 -j MASQUERADE`
      const { stdout } = await $`iptables -t nat -nL --line-number`
      await expect(stdout).to.print(/^1 +MASQUERADE .* 192\.168\.88\.0\/24 +0\.0\.0\.0\/0/m)
      await expect(look.iptables({ table: 'nat' })).to.have.rule(masquerade, { position: 1 })
    })

    step('with it the reply comes back, and only br01 sees the private address', { covers: ['S001-29'] }, async () => {
      const frames = await look.capture(['br01', 'eth0'], {
        filter: 'host 114.114.114.114',
        while: () => $`ip netns exec ns02 ping 114.114.114.114 -c 1`,
      })
      const request = { icmp: { type: 'echo-request' } }
      const reply = { icmp: { type: 'echo-reply' } }
      await expect(frames).to.have.rewrite({
        from: { at: 'br01', ip: { source: '192.168.88.12', destination: '114.114.114.114' }, ...request },
        to: { at: 'eth0', ip: { source: '203.0.113.2', destination: '114.114.114.114' }, ...request },
      })
      await expect(frames).to.have.rewrite({
        from: { at: 'eth0', ip: { source: '114.114.114.114', destination: '203.0.113.2' }, ...reply },
        to: { at: 'br01', ip: { source: '114.114.114.114', destination: '192.168.88.12' }, ...reply },
      })
    })

    step('each way, the forwarding guest takes one from the TTL', { covers: ['S001-30'] }, async () => {
      const frames = await look.capture(['br01', 'eth0'], {
        filter: 'host 114.114.114.114',
        while: () => $`ip netns exec ns02 ping 114.114.114.114 -c 1`,
      })
      const ttl = (at: string, type: string) =>
        frames.find(frame => frame.at === at && frame.icmp?.type === type)?.ip?.ttl ?? 0
      expect(ttl('br01', 'echo-request')).to.equal(64)
      expect(ttl('eth0', 'echo-request')).to.equal(63)
      // The document's replies come from farther away than ours; what it says of them is the difference.
      expect(ttl('br01', 'echo-reply'))
        .to.equal(ttl('eth0', 'echo-reply') - 1)
        .and.to.be.greaterThan(0)
    })

    step(
      'the rule is used once for each new flow, not for each packet',
      {
        covers: [differs('S001-27', 'the first packet of a flow matches; the others follow what conntrack remembers')],
      },
      async () => {
        await expect(look.iptables({ table: 'nat' })).to.use(masquerade, {
          times: 1,
          while: () => $`ip netns exec ns02 ping 114.114.114.114 -c 3 -i 0.2`,
        })
      },
    )

    step('MASQUERADE follows the uplink to a new address', { covers: ['S001-27'] }, async () => {
      // The routes by eth0 would go with its last address, and a second one of the same subnet with the first.
      await $`ip addr add 203.0.113.9/25 dev eth0`
      defer`ip addr del 203.0.113.9/25 dev eth0`
      await expect(look.link('eth0')).to.have.address('203.0.113.9/25')
      await $`ip addr del 203.0.113.2/24 dev eth0`
      defer`ip addr add 203.0.113.2/24 dev eth0`
      const frames = await look.capture('eth0', { while: () => $`ip netns exec ns02 ping 114.114.114.114 -c 1` })
      await expect(frames).to.have.frame({ ip: { source: '203.0.113.9' }, icmp: { type: 'echo-request' } })
      await expect(frames).to.have.frame({ ip: { destination: '203.0.113.9' }, icmp: { type: 'echo-reply' } })
    })

    step('SNAT keeps the address that it was given, and nobody answers to it', { covers: ['S001-27'] }, async () => {
      await $`iptables -t nat -I POSTROUTING -s 192.168.88.0/24 -j SNAT --to-source 203.0.113.2`
      defer`iptables -t nat -D POSTROUTING -s 192.168.88.0/24 -j SNAT --to-source 203.0.113.2`
      await expect(look.iptables({ table: 'nat' })).to.have.rule(snat, { position: 1 })
      // Outside would find the old address in its neighbour table and conntrack would bring the reply home.
      await $`ip -n outside neigh flush all`
      await expect(ns02.ping('114.114.114.114')).not.to.answer({
        capture: act => look.capture('eth0', { while: act }),
        frame: { ip: { source: '203.0.113.2', destination: '114.114.114.114' }, icmp: { type: 'echo-request' } },
      })
      await $`iptables -t nat -D POSTROUTING -s 192.168.88.0/24 -j SNAT --to-source 203.0.113.2`
      await expect(look.iptables({ table: 'nat' })).not.to.have.rule(snat)
    })

    step(
      'the documented clean-up removes namespaces, wires, bridge and rule',
      { covers: [differs('S001-31', 'it leaves forwarding on')] },
      async () => {
        await $`ip netns del ns01`
        await $`ip netns del ns02`
        await $`ifconfig br01 down`
        await $`brctl delbr br01`
        await $`iptables -t nat -D POSTROUTING -s 192.168.88.0/24 -j MASQUERADE`
        await expect(look.netns()).not.to.show({ name: /^ns0/ })
        // A wire goes with the namespace that holds its far end, if a moment later.
        await expect(look.link('br-veth01')).to.be.absent()
        await expect(look.link('br-veth02')).to.be.absent()
        for (const pair of pairs) pair.done()
        await expect(look.link('br01')).to.be.absent()
        await expect(look.iptables({ table: 'nat' })).not.to.have.rule(masquerade)
      },
    )

    step('but it leaves forwarding on, which was off (the document does not say so)', async () => {
      await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
    })
  },
)
