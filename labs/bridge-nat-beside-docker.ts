import { lab } from '../harness/index.ts'

const topology = `
  ns01                         guest                             outside
 +-----------------+          +---------------------------+     +-----------------+
 | 192.168.88.11 o-+----------+-o br01                    |     | 203.0.113.1     |
 +-----------------+      .---+-o 192.168.88.1       eth0 o-----o 114.114.114.114 |
  ns02                    |   |         FORWARD: DROP     |     | no way back to  |
 +-----------------+      |   |                           |     | 192.168.88.0/24 |
 | 192.168.88.12 o-+------'   | docker0                   |     +-----------------+
 +-----------------+          +---o-----------------------+
                                  '---- web 172.17.0.2
`

export default lab(
  {
    title: 'A bridge by hand, beside an engine',
    document: null,
    finds:
      'its FORWARD policy DROP is for all: not even two ports of one bridge hear each other while br_netfilter hands their frames to iptables, and MASQUERADE never gets a packet; two rules in DOCKER-USER let them out and back',
    topology,
    engine: true,
    needs: { kernel: ['br_netfilter'] },
  },
  ({ $, look, expect, step, defer }) => {
    const ns01 = look.in({ netns: 'ns01' })
    const ns02 = look.in({ netns: 'ns02' })
    const filter = look.iptables({ table: 'filter' })
    const nat = look.iptables({ table: 'nat' })
    const masquerade = '-t nat -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE'
    const toOutside = {
      ip: { source: '192.168.88.12', destination: '114.114.114.114' },
      icmp: { type: 'echo-request' },
    }
    const reply = { ip: { source: '114.114.114.114' }, icmp: { type: 'echo-reply' } }

    step('bridge, wires and namespaces are made as without an engine', async () => {
      await $`brctl addbr br01`
      defer`brctl delbr br01`
      await $`ifconfig br01 192.168.88.1/24 up`
      defer`ifconfig br01 down`
      await expect(look.link('br01')).to.have.address('192.168.88.1/24')
      for (const number of [1, 2]) {
        await $`ip netns add ns0${number}`
        defer`ip netns del ns0${number}`
        await $`ip link add veth0${number} type veth peer name br-veth0${number}`
        defer`ip link del br-veth0${number}`
        await $`brctl addif br01 br-veth0${number}`
        await $`ip link set dev br-veth0${number} up`
        await $`ip link set veth0${number} netns ns0${number}`
        await $`ip netns exec ns0${number} ifconfig veth0${number} 192.168.88.1${number}/24 up`
        await $`ip netns exec ns0${number} ip route add default via 192.168.88.1`
        await expect(look.link(`br-veth0${number}`)).to.be.portOf('br01')
        const there = look.in({ netns: `ns0${number}` })
        await expect(there.link(`veth0${number}`)).to.have.address(`192.168.88.1${number}/24`)
        await expect(there.routes()).to.show({ destination: 'default', gateway: '192.168.88.1' })
      }
      // The guest is no member of FORWARD: it hears both.
      await expect(look.ping('192.168.88.11')).to.answer()
      await expect(ns02.ping('192.168.88.1')).to.answer()
    })

    step('the engine has left forwarding on, and FORWARD drops what no rule of its own lets through', async () => {
      await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
      await expect(filter).to.have.policy('filter', 'FORWARD', 'DROP')
      await expect(filter).to.have.rule('-A FORWARD -j DOCKER-USER', { position: 1 })
    })

    step('with br_netfilter even ns01 and ns02, on one bridge, no longer hear each other, but for ARP', async () => {
      await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('1')
      await expect(filter).to.use('-t filter -A FORWARD -j DOCKER-USER', {
        while: () =>
          expect(ns01.ping('192.168.88.12')).not.to.answer({
            capture: act => look.capture('br-veth01', { while: act }),
            frame: { ip: { source: '192.168.88.11', destination: '192.168.88.12' }, icmp: { type: 'echo-request' } },
          }),
      })
      const frames = await look.capture(['br-veth01', 'br-veth02'], {
        filter: 'icmp',
        while: () => ns01.ping('192.168.88.12').take(),
      })
      await expect(frames).not.to.have.frame({ at: 'br-veth02' }, { witness: { at: 'br-veth01' } })
      // ARP is none of iptables' business, so the neighbour is known.
      const mac = (await ns02.link('veth02'))?.mac
      await expect(ns01.neighbours('veth01')).to.show({ address: '192.168.88.12', mac })
    })

    step('without it they do: the bridge’s own frames do not come to iptables', async () => {
      await $`sysctl -w net.bridge.bridge-nf-call-iptables=0`
      defer`sysctl -w net.bridge.bridge-nf-call-iptables=1`
      await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('0')
      await expect(filter).not.to.use('-t filter -A FORWARD -j DOCKER-USER', {
        while: () => expect(ns01.ping('192.168.88.12')).to.answer(),
      })
      await expect(ns02.ping('192.168.88.11')).to.answer()
    })

    step('what is for outside ends in FORWARD, though forwarding is on', async () => {
      await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
      const frames = await look.capture(['br01', 'eth0'], {
        filter: 'host 114.114.114.114',
        while: () => $`ip netns exec ns02 ping 114.114.114.114 -c 1 -W 1`.nothrow(),
      })
      await expect(frames).not.to.have.frame({ at: 'eth0' }, { witness: { at: 'br01', ...toOutside } })
    })

    step('so the documented MASQUERADE gets nothing to do', async () => {
      await $`iptables -t nat -A POSTROUTING -s 192.168.88.0/24 -j MASQUERADE`
      defer`iptables -t nat -D POSTROUTING -s 192.168.88.0/24 -j MASQUERADE`
      await expect(nat).to.have.ruleBefore(
        '-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
        masquerade,
      )
      await expect(nat).not.to.use(masquerade, {
        while: () =>
          expect(ns02.ping('114.114.114.114')).not.to.answer({
            capture: act => look.capture('br01', { while: act }),
            frame: toOutside,
          }),
      })
    })

    step('a rule in DOCKER-USER lets the request out, and the reply ends in FORWARD', async () => {
      await $`iptables -I DOCKER-USER -i br01 -o eth0 -j ACCEPT`
      defer`iptables -D DOCKER-USER -i br01 -o eth0 -j ACCEPT`
      await expect(filter).to.have.rule('-A DOCKER-USER -i br01 -o eth0 -j ACCEPT', { position: 1 })
      await expect(nat).to.use(masquerade, { while: () => ns02.ping('114.114.114.114').take() })
      const frames = await look.capture(['br01', 'eth0'], {
        filter: 'host 114.114.114.114',
        while: () => ns02.ping('114.114.114.114').take(),
      })
      await expect(frames).to.have.rewrite({
        from: { at: 'br01', ...toOutside },
        to: { at: 'eth0', ip: { source: '203.0.113.2' } },
      })
      await expect(frames).not.to.have.frame({ at: 'br01', ...reply }, { witness: { at: 'eth0', ...reply } })
    })

    step('a second one lets the reply in: now the documented procedure does what it says', async () => {
      await $`iptables -I DOCKER-USER -i eth0 -o br01 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`
      defer`iptables -D DOCKER-USER -i eth0 -o br01 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`
      await expect(filter).to.have.rule(
        '-A DOCKER-USER -i eth0 -o br01 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        { position: 1 },
      )
      await $`ip netns exec ns02 ping 114.114.114.114 -c 3 -i 0.2`
      for (const place of [ns01, ns02]) await expect(place.ping('114.114.114.114')).to.answer()
    })

    step('a container reaches ns01, which sees the bridge’s address; ns01 does not reach the container', async () => {
      await $`docker run -d --name web nginx:alpine`
      defer`docker rm -f web`
      const address = (await look.container('web'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
      const web = look.in({ container: 'web' })
      // The engine's rule for what leaves docker0 masquerades this, too.
      const frames = await look.capture('br01', { filter: 'icmp', while: () => web.ping('192.168.88.11').take() })
      await expect(frames).to.have.frame({ ip: { source: '192.168.88.1' }, icmp: { type: 'echo-request' } })
      await expect(web.ping('192.168.88.11')).to.answer()
      await expect(ns01.tcp(address, 80)).not.to.answer({
        capture: act => look.capture('br01', { while: act }),
        frame: { ip: { source: '192.168.88.11', destination: address }, tcp: { destinationPort: 80, flags: ['SYN'] } },
      })
      // And with the guest's uplink nothing has changed for it.
      await expect(web.ping('114.114.114.114')).to.answer()
    })
  },
)
