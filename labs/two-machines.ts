import { lab } from '../harness/index.ts'

const topology = `
   alpha                                    beta
  +--------------------------------+       +--------------------------------+
  | netns red                      |       |                     netns blue |
  |  veth0 192.168.42.1            |       |            192.168.42.2 veth0  |
  |    |                           |       |                           |    |
  |    '-- br-red                  |       |                 br-blue --'    |
  |          br42 -- vxlan42       |       |       vxlan42 -- br42          |
  |                    : VNI 42    |       |    VNI 42 :                    |
  |            172.16.1.1 eth1 o---+-------+---o eth1 172.16.1.2            |
  +--------------------------------+segment+--------------------------------+
`

export default lab(
  {
    title: 'A VXLAN between two machines, by hand',
    document: null,
    finds:
      'Linux takes port 8472 unless it is told 4789; what is too long for it is lost without a word, or objected to in the name of the far end',
    topology,
    engine: false,
    machines: ['alpha', 'beta'],
  },
  ({ alpha, beta, segment, expect, step, defer }) => {
    const red = alpha.look.in({ netns: 'red' })
    const blue = beta.look.in({ netns: 'blue' })
    const everybody = '00:00:00:00:00:00'
    const request = { icmp: { type: 'echo-request' } }

    /** What passes at one interface of alpha, and on the segment, while something happens. */
    const aroundAlpha = async (on: string, act: () => Promise<unknown>) => {
      const inside: Awaited<ReturnType<typeof segment.capture>> = []
      const outside = await segment.capture({
        while: async () => void inside.push(...(await alpha.look.capture(on, { while: act }))),
      })
      return [...inside, ...outside]
    }

    step('alpha and beta share a segment and nothing else', async () => {
      await expect(alpha.look.link('eth1')).to.have.address('172.16.1.1/24')
      await expect(beta.look.link('eth1')).to.have.address('172.16.1.2/24')
      const frames = await segment.capture({ while: () => alpha.$`ping -c 1 beta` })
      await expect(frames).to.have.frames([
        { from: 'alpha', ip: { source: '172.16.1.1', destination: '172.16.1.2' }, ...request },
        { from: 'beta', icmp: { type: 'echo-reply' } },
      ])
      const uplink = await alpha.look.capture('eth0', { while: () => alpha.$`ping -c 1 203.0.113.1` })
      // Each has an outside of its own: what alpha tells its outside, the segment doesn't hear.
      await expect(uplink).to.have.frame({ ip: { destination: '203.0.113.1' }, ...request })
    })

    step(
      'a VXLAN is a link with an id and a UDP port; told no port, Linux takes 8472 and not the 4789 of IANA',
      async () => {
        await alpha.$`ip link add vxlan7 type vxlan id 7 local 172.16.1.1 dev eth1`
        alpha.defer`ip link delete vxlan7`
        await expect((await alpha.$`ip -d link show vxlan7`).stdout).to.print(/ id 7 local 172\.16\.1\.1 dev eth1 /)
        await expect((await alpha.$`ip -d link show vxlan7`).stdout).to.print(/vxlan id 7 .*dstport 8472/)
        await alpha.$`ip link delete vxlan7`
        await expect(alpha.look.link('vxlan7')).to.be.absent()

        await alpha.$`ip link add vxlan42 type vxlan id 42 local 172.16.1.1 dev eth1 dstport 4789`
        alpha.defer`ip link delete vxlan42`
        await beta.$`ip link add vxlan42 type vxlan id 42 local 172.16.1.2 remote 172.16.1.1 dev eth1 dstport 4789`
        beta.defer`ip link delete vxlan42`
        await expect((await alpha.$`ip -d link show vxlan42`).stdout).to.print(
          /vxlan id 42 local 172\.16\.1\.1 .*dstport 4789/,
        )
        await expect((await beta.$`ip -d link show vxlan42`).stdout).to.print(
          /vxlan id 42 remote 172\.16\.1\.1 local 172\.16\.1\.2 dev eth1 .*dstport 4789/,
        )
      },
    )

    step('it leaves 1450 of the 1500 octets: IP, UDP, VXLAN and the inner Ethernet header take 50', async () => {
      await expect(alpha.look.link('eth1')).to.show({ mtu: 1500 })
      await expect(alpha.look.link('vxlan42')).to.show({ kind: 'vxlan', mtu: 1450 })
      await expect(beta.look.link('vxlan42')).to.show({ kind: 'vxlan', mtu: 1450 })
    })

    step('a bridge joins it with a netns, at each end', async () => {
      await alpha.$`ip netns add red`
      alpha.defer`ip netns delete red`
      await alpha.$`ip link add br-red type veth peer name veth0 netns red`
      alpha.defer`ip link delete br-red`
      await alpha.$`ip link add br42 type bridge`
      alpha.defer`ip link delete br42`
      // Where br_netfilter is there, it fragments or drops in the bridge's place.
      await alpha.$`sysctl -qe -w net.bridge.bridge-nf-call-iptables=0`
      alpha.defer`sysctl -qe -w net.bridge.bridge-nf-call-iptables=1`
      await alpha.$`ip link set br-red master br42 up`
      await alpha.$`ip link set vxlan42 master br42 up`
      await alpha.$`ip link set br42 up`
      await alpha.$`ip -n red address add 192.168.42.1/24 dev veth0`
      await alpha.$`ip -n red link set veth0 up`

      await beta.$`ip netns add blue`
      beta.defer`ip netns delete blue`
      await beta.$`ip link add br-blue type veth peer name veth0 netns blue`
      beta.defer`ip link delete br-blue`
      await beta.$`ip link add br42 type bridge`
      beta.defer`ip link delete br42`
      await beta.$`ip link set br-blue master br42 up`
      await beta.$`ip link set vxlan42 master br42 up`
      await beta.$`ip link set br42 up`
      await beta.$`ip -n blue address add 192.168.42.2/24 dev veth0`
      await beta.$`ip -n blue link set veth0 up`

      for (const [{ look }, wire] of [
        [alpha, 'br-red'],
        [beta, 'br-blue'],
      ] as const) {
        for (const port of ['vxlan42', wire]) {
          await expect(look.link(port)).to.be.portOf('br42')
          await expect(look.link(port)).to.be.up()
        }
        await expect(look.link('br42')).to.be.up()
      }
      for (const [place, address] of [
        [red, '192.168.42.1/24'],
        [blue, '192.168.42.2/24'],
      ] as const) {
        await expect(place.link('veth0')).to.have.address(address)
        await expect(place.link('veth0')).to.be.up()
      }
      await expect(alpha.look.peer('br-red')).to.be.pairedWith(red.peer('veth0'))
      await expect(beta.look.peer('br-blue')).to.be.pairedWith(blue.peer('veth0'))
    })

    step('a VXLAN that knows no far end sends nothing', async () => {
      const frames = await aroundAlpha('vxlan42', () =>
        alpha.$`ip netns exec red ping -c 1 -W 1 192.168.42.2`.nothrow(),
      )
      const asked = { at: 'vxlan42 on alpha', arp: { operation: 'request', target: { ip: '192.168.42.2' } } }
      await expect(frames).not.to.have.frame({ at: 'segment', from: 'alpha', udp: {} }, { witness: asked })
      // Linux asks three times, then tells all that wait for the answer that nobody is there: the next would wait for this question.
      await alpha.$`ip -n red neigh flush dev veth0`
      await expect(red.neighbours('veth0')).to.be.absent()
    })

    step('`remote`, and an FDB entry for the MAC of zeros, name the far end: they are the same', async () => {
      await expect(beta.look.fdb('vxlan42')).to.show({ mac: everybody, self: true, remote: '172.16.1.1' })
      await alpha.$`bridge fdb append 00:00:00:00:00:00 dev vxlan42 dst 172.16.1.2`
      await expect(alpha.look.fdb('vxlan42')).to.show({ mac: everybody, self: true, remote: '172.16.1.2' })
    })

    step('now red reaches blue, to which the machines themselves have no route', async () => {
      await alpha.$`ip netns exec red ping -c 1 192.168.42.2`
      await expect(red.ping('192.168.42.2')).to.answer()
      for (const { look } of [alpha, beta]) {
        await expect(look.routes()).to.show({ destination: '172.16.1.0/24', link: 'eth1' })
        await expect(look.routes()).not.to.show({ destination: /^192\.168\.42\./ })
      }
      // alpha knows nothing better than to ask its outside.
      await expect(alpha.look.ping('192.168.42.2')).not.to.answer({
        capture: act => alpha.look.capture('eth0', { while: act }),
        frame: { ip: { destination: '192.168.42.2' }, ...request },
      })
    })

    step('what they say travels in UDP to port 4789, with VNI 42, from alpha to beta and back', async () => {
      await alpha.$`ip -n red neigh flush all`
      await expect(red.neighbours('veth0')).not.to.show({ mac: /./ })
      const frames = await segment.capture({ while: () => alpha.$`ip netns exec red ping -c 1 192.168.42.2` })
      const there = {
        from: 'alpha',
        ip: { source: '172.16.1.1', destination: '172.16.1.2', protocol: 'udp' },
        udp: { destinationPort: 4789 },
      }
      const back = {
        from: 'beta',
        ip: { source: '172.16.1.2', destination: '172.16.1.1', protocol: 'udp' },
        udp: { destinationPort: 4789 },
      }
      const [one, two] = ['192.168.42.1', '192.168.42.2']
      await expect(frames).to.have.frames([
        { ...there, vxlan: { vni: 42, inner: { arp: { operation: 'request', target: { ip: two } } } } },
        { ...back, vxlan: { vni: 42, inner: { arp: { operation: 'reply', sender: { ip: two } } } } },
        { ...there, vxlan: { vni: 42, inner: { ip: { source: one, destination: two }, ...request } } },
        { ...back, vxlan: { vni: 42, inner: { ip: { source: two, destination: one }, icmp: { type: 'echo-reply' } } } },
      ])
      await expect(frames).not.to.have.frame(
        { ip: { source: /^192\.168\.42\./ } },
        { witness: { vxlan: { inner: { ip: { source: one } } } } },
      )
    })

    step('from that, each end has learned behind which machine the other’s MAC lives', async () => {
      const [one, two] = [await red.link('veth0'), await blue.link('veth0')]
      await expect(alpha.look.fdb('vxlan42')).to.show({ mac: two?.mac, self: true, remote: '172.16.1.2' })
      await expect(beta.look.fdb('vxlan42')).to.show({ mac: one?.mac, self: true, remote: '172.16.1.1' })
      // The bridge knows the port only; the VXLAN knows the machine.
      await expect(alpha.look.fdb('br42')).to.show({ mac: two?.mac, link: 'vxlan42', bridge: 'br42', state: 'learned' })
    })

    step('what is for a MAC that nobody knows goes to the far end too', async () => {
      await alpha.$`ip -n red neigh add 192.168.42.99 lladdr 02:00:00:00:42:99 dev veth0`
      await expect(red.neighbours('veth0')).to.show({
        address: '192.168.42.99',
        mac: '02:00:00:00:42:99',
        state: 'PERMANENT',
      })
      await expect(alpha.look.fdb()).not.to.show({ mac: '02:00:00:00:42:99' })
      await expect(red.ping('192.168.42.99')).not.to.answer({
        capture: act => segment.capture({ while: act }),
        frame: { from: 'alpha', vxlan: { vni: 42, inner: { ethernet: { destination: '02:00:00:00:42:99' } } } },
      })
    })

    step('a packet of 1450 octets fills the segment’s 1500', async () => {
      const frames = await segment.capture({
        while: () => alpha.$`ip netns exec red ping -c 1 -M do -s ${1450 - 28} 192.168.42.2`,
      })
      const full = { length: 14 + 1500, vxlan: { inner: { length: 14 + 1450 } } }
      await expect(frames).to.have.frames([
        { from: 'alpha', ...full },
        { from: 'beta', ...full },
      ])
    })

    step('one of 1500 is lost without a word: the bridge drops what its port does not take', async () => {
      await expect(red.link('veth0')).to.show({ mtu: 1500 })
      const frames = await aroundAlpha('br-red', () =>
        alpha.$`ip netns exec red ping -c 1 -W 1 -M do -s ${1500 - 28} 192.168.42.2`.nothrow(),
      )
      const tooLong = { at: 'br-red on alpha', length: 14 + 1500, ip: { dontFragment: true }, ...request }
      await expect(frames).not.to.have.frame({ at: 'segment', vxlan: { inner: request } }, { witness: tooLong })
      await expect(frames).not.to.have.frame({ icmp: { type: 'destination-unreachable' } }, { witness: tooLong })
      await expect(frames).not.to.have.frame({ icmp: { type: 'echo-reply' } }, { witness: tooLong })
    })

    step('but up to 1454 the bridge lets pass, for a VLAN tag, and the VXLAN objects in the name of blue', async () => {
      const frames = await aroundAlpha('br-red', () =>
        alpha.$`ip netns exec red ping -c 1 -W 1 -M do -s ${1451 - 28} 192.168.42.2`.nothrow(),
      )
      const tooLong = { at: 'br-red on alpha', length: 14 + 1451, ip: { dontFragment: true }, ...request }
      await expect(frames).to.have.frames([
        tooLong,
        {
          at: 'br-red on alpha',
          ip: { source: '192.168.42.2', destination: '192.168.42.1' },
          icmp: { type: 'destination-unreachable', code: 4, about: { destination: '192.168.42.2' } },
        },
      ])
      await expect(frames).not.to.have.frame({ at: 'segment', vxlan: { inner: request } }, { witness: tooLong })
      // blue itself has neither heard nor said anything: the machine alpha made it up.
      await expect(frames).not.to.have.frame(
        { at: 'segment', from: 'beta', vxlan: { inner: { icmp: { code: 4 } } } },
        { witness: tooLong },
      )
      await expect((await alpha.$`ip -n red route get 192.168.42.2`).stdout).to.print(/\bmtu 1450\b/)
    })

    step('told the MTU, red refuses it by itself, and sends in fragments what may be cut', async () => {
      await alpha.$`ip -n red link set veth0 mtu 1450`
      await beta.$`ip -n blue link set veth0 mtu 1450`
      for (const place of [red, blue]) await expect(place.link('veth0')).to.show({ mtu: 1450 })
      const refused = await alpha.$`ip netns exec red ping -c 1 -W 1 -M do -s ${1451 - 28} 192.168.42.2`.nothrow()
      expect(refused.exitCode).not.to.equal(0)
      await expect(refused.stdout + refused.stderr).to.print(/message too long/i)
      const frames = await segment.capture({
        while: () => alpha.$`ip netns exec red ping -c 1 -M dont -s 2000 192.168.42.2`,
      })
      await expect(frames).to.have.frames([
        { from: 'alpha', vxlan: { vni: 42, inner: { ip: { moreFragments: true, fragmentOffset: 0 }, ...request } } },
        { from: 'alpha', vxlan: { vni: 42, inner: { ip: { moreFragments: false, fragmentOffset: 1424 } } } },
        { from: 'beta', vxlan: { vni: 42, inner: { icmp: { type: 'echo-reply' } } } },
      ])
    })

    step('with another VNI at one end nobody answers, although the frames arrive', async () => {
      await beta.$`ip link delete vxlan42`
      await expect(beta.look.link('vxlan42')).to.be.absent()
      await beta.$`ip link add vxlan43 type vxlan id 43 local 172.16.1.2 remote 172.16.1.1 dev eth1 dstport 4789`
      beta.defer`ip link delete vxlan43`
      await beta.$`ip link set vxlan43 master br42 up`
      await expect((await beta.$`ip -d link show vxlan43`).stdout).to.print(
        / remote 172\.16\.1\.1 local 172\.16\.1\.2 dev eth1 .*dstport 4789/,
      )
      await expect(beta.look.link('vxlan43')).to.be.portOf('br42')
      await expect(beta.look.link('vxlan43')).to.be.up()
      const arrived = { at: 'eth1 on beta', ip: { source: '172.16.1.1' }, vxlan: { vni: 42, inner: {} } }
      const frames = await beta.look.capture(['eth1', 'vxlan43'], {
        while: async () => {
          const { exitCode } = await alpha.$`ip netns exec red ping -c 1 -W 1 192.168.42.2`.nothrow()
          expect(exitCode).to.equal(1)
        },
      })
      const ofRed = { ethernet: { source: (await red.link('veth0'))?.mac } }
      await expect(frames).not.to.have.frame({ at: 'vxlan43 on beta', ...ofRed }, { witness: arrived })

      await beta.$`ip link delete vxlan43`
      await expect(beta.look.link('vxlan43')).to.be.absent()
      await beta.$`ip link add vxlan42 type vxlan id 42 local 172.16.1.2 remote 172.16.1.1 dev eth1 dstport 4789`
      beta.defer`ip link delete vxlan42`
      await beta.$`ip link set vxlan42 master br42 up`
      await expect((await beta.$`ip -d link show vxlan42`).stdout).to.print(
        /vxlan id 42 remote 172\.16\.1\.1 local 172\.16\.1\.2 dev eth1 .*dstport 4789/,
      )
      await expect(beta.look.link('vxlan42')).to.be.portOf('br42')
      await expect(red.ping('192.168.42.2')).to.answer()
    })

    step('when alpha is cut off the segment, its frames go no further than the VXLAN', async () => {
      await segment.cut('alpha')
      defer(() => segment.restore('alpha'))
      await expect(alpha.look.link('eth1')).to.show({ up: true, state: 'DOWN' })
      const frames = await aroundAlpha('vxlan42', () =>
        alpha.$`ip netns exec red ping -c 1 -W 1 192.168.42.2`.nothrow(),
      )
      const sent = { at: 'vxlan42 on alpha', ethernet: { source: (await red.link('veth0'))?.mac } }
      await expect(frames).not.to.have.frame({ at: 'segment', from: 'alpha' }, { witness: sent })
      await expect(frames).not.to.have.frame({ icmp: { type: 'echo-reply' } }, { witness: sent })
    })

    step('restored, it heals by itself', async () => {
      await segment.restore('alpha')
      await expect(alpha.look.link('eth1')).to.show({ state: 'UP' })
      await expect(red.ping('192.168.42.2')).to.answer()
    })
  },
)
