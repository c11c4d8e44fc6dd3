import { differs, lab } from '../harness/index.ts'

const topology = `
  outside: the LAN          guest                                container web
 +---------------+         +---------------------------+        +----------------+
 |               |   LAN   |           br0 203.0.113.2 |        | eth1           |
 | 203.0.113.1 o-+---------o eth0 ---- o         o ----o--------o 203.0.113.50   |
 |               |         |                           |        |                |
 +---------------+         |       docker0 172.17.0.1 -o--------o eth0 172.17…   |
                           +---------------------------+        +----------------+
`

export default lab(
  {
    title: 'pipework: a container with a fixed address on the LAN',
    document: '000_c642ad2eea6dd55a',
    finds:
      'reached without any mapping, until br_netfilter shows the frames to the engine’s FORWARD policy; gone after a restart, link and all; a network of the engine on the same bridge lasts',
    topology,
    engine: true,
    needs: { kernel: ['br_netfilter', 'macvlan'] },
    unseen: [
      { mutation: /without ip link set eth0 up/, because: 'eth0 is up already; the script only makes sure of it' },
      {
        mutation: /create .* lan: without the rule -A FORWARD -o br0 -m conntrack --ctstate ESTABLISHED,RELATED/,
        because: 'what goes from br0 to br0 is let through by a later rule as well, replies among it',
      },
    ],
    untestable: {
      'S002-78':
        'the script itself: it is in none of Debian’s packages, and no lab fetches anything; the commands that it consists of are typed here',
    },
  },
  ({ $, look, expect, step, defer }) => {
    const web = look.in({ container: 'web' })
    const outside = look.in({ netns: 'outside' })
    const lan = { on: 'lan0', in: { netns: 'outside' }, as: 'LAN' }
    const request = { icmp: { type: 'echo-request' } }
    const asksForWeb = { arp: { operation: 'request', target: { ip: '203.0.113.50' } } }
    const onEth0 = (act: () => Promise<unknown>) => look.capture('eth0', { while: act })
    const forgotten = () => expect(outside.neighbours('lan0')).not.to.show({ address: '203.0.113.50' })
    const pidOfWeb = async () => (await $`docker inspect --format='{{ .State.Pid }}' web`).stdout.trim()
    const servesAt = async (port: number) =>
      await expect(outside.http(`http://203.0.113.50:${port}`)).to.show({
        status: 200,
        seenFrom: { address: '203.0.113.1' },
      })

    /** What `pipework br0 CONTAINER ADDRESS/24@203.0.113.1` does once it knows a process of the container. */
    const pipeworkOnBridge = async (pid: string, address: string) => {
      await $`ln -s /proc/${pid}/ns/net /var/run/netns/${pid}`
      defer`rm -f /var/run/netns/${pid}`
      await $`ip link add name veth1pl${pid} mtu 1500 type veth peer name veth1pg${pid} mtu 1500`
      await $`ip link set veth1pl${pid} master br0`
      await $`ip link set veth1pl${pid} up`
      await $`ip link set veth1pg${pid} netns ${pid}`
      await $`ip netns exec ${pid} ip link set veth1pg${pid} name eth1`
      await $`ip netns exec ${pid} ip addr add ${address}/24 dev eth1`
      const inside = look.in({ netns: pid })
      const hasDefault = (await inside.routes()).some(({ destination }) => destination === 'default')
      const deleted = await $`ip netns exec ${pid} ip route delete default`.nothrow()
      expect(deleted.exitCode).to.equal(hasDefault ? 0 : 2)
      await expect(inside.routes()).not.to.show({ destination: 'default' })
      await $`ip netns exec ${pid} ip link set eth1 up`
      await $`ip netns exec ${pid} ip route replace default via 203.0.113.1`
      await expect(look.link(`veth1pl${pid}`)).to.be.portOf('br0')
      await expect(look.peer(`veth1pl${pid}`)).to.be.pairedWith(inside.peer('eth1'))
      await expect(inside.link('eth1')).to.show({ state: 'UP' })
      await expect(inside.link('eth1')).to.have.address(`${address}/24`)
      await expect(inside.routes()).to.show({ destination: 'default', gateway: '203.0.113.1', link: 'eth1' })
      // Debian's arping understands these as a question to which nobody answers; the script does not mind.
      await $`ip netns exec ${pid} arping -c 1 -A -I eth1 ${address}`.nothrow()
      await $`rm -f /var/run/netns/${pid}`
      await expect(look.netns()).not.to.show({ name: pid })
    }

    step(
      'on a NIC pipework makes a macvlan: outside hears the container at its address, the guest does not',
      {
        covers: [differs('S000-03', 'given a NIC it makes a macvlan, which the guest itself does not hear')],
      },
      async () => {
        await $`docker run -d --name web nginx:alpine`
        defer`docker rm -f web`
        await expect(look.bridgeBehind('web')).to.show('docker0')
        const pid = await pidOfWeb()
        await $`ln -s /proc/${pid}/ns/net /var/run/netns/${pid}`
        defer`rm -f /var/run/netns/${pid}`
        await $`ip link add link eth0 dev ph${pid}eth1 mtu 1500 type macvlan mode bridge`
        await $`ip link set eth0 up`
        await $`ip link set ph${pid}eth1 netns ${pid}`
        await $`ip netns exec ${pid} ip link set ph${pid}eth1 name eth1`
        await $`ip netns exec ${pid} ip addr add 203.0.113.50/24 dev eth1`
        await $`ip netns exec ${pid} ip link set eth1 up`
        await expect(web.link('eth1')).to.show({ kind: 'macvlan', state: 'UP' })
        await expect(web.link('eth1')).to.have.address('203.0.113.50/24')
        await $`ip netns exec ${pid} arping -c 1 -A -I eth1 203.0.113.50`.nothrow()
        await $`rm -f /var/run/netns/${pid}`
        await expect(look.netns()).not.to.show({ name: pid })
        await servesAt(80)
        await expect(look.ping('203.0.113.50')).not.to.answer({ capture: onEth0, frame: asksForWeb })
      },
    )

    step('that ends with a restart of the container', { covers: ['S000-04'] }, async () => {
      await $`docker restart -t 0 web`
      await expect(web.link('eth1')).to.be.absent()
      await expect(look.bridgeBehind('web')).to.show('docker0')
      await $`ip -n outside neigh flush dev lan0`
      await forgotten()
      await expect(outside.ping('203.0.113.50')).not.to.answer({ capture: onEth0, frame: asksForWeb })
    })

    step('the uplink becomes a port of a bridge, which takes over the address and the routes', async () => {
      const routes = (await look.routes()).filter(({ link, gateway }) => link === 'eth0' && gateway !== undefined)
      await $`ip link add dev br0 type bridge`
      defer`ip link delete br0`
      await $`ip link set br0 up`
      await $`ip addr add 203.0.113.2/24 dev br0`
      await $`ip addr del 203.0.113.2/24 dev eth0`
      await expect(look.link('br0')).to.be.up()
      await expect(look.link('br0')).to.have.address('203.0.113.2/24')
      await expect(look.link('eth0')).not.to.have.address('203.0.113.2/24')
      defer(async () => {
        await $`ip link set eth0 nomaster`
        await $`ip addr del 203.0.113.2/24 dev br0`
        await $`ip addr add 203.0.113.2/24 dev eth0`
        for (const { destination, gateway } of routes) await $`ip route add ${destination} via ${gateway} dev eth0`
      })
      await $`ip link set eth0 master br0`
      for (const { destination, gateway } of routes) await $`ip route add ${destination} via ${gateway} dev br0`
      for (const { destination, gateway } of routes) {
        await expect(look.routes()).to.show({ destination, gateway, link: 'br0' })
      }
      await expect(look.link('eth0')).to.be.portOf('br0')
      await expect(look.ping('203.0.113.1')).to.answer()
      await expect(outside.ping('203.0.113.2')).to.answer()

      await $`sysctl -w net.bridge.bridge-nf-call-iptables=0`
      defer`sysctl -w net.bridge.bridge-nf-call-iptables=1`
      await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('0')
    })

    step(
      'on such a bridge the container has a fixed address, and is a machine of the LAN with a MAC of its own',
      { covers: ['S000-03', 'S002-78'] },
      async () => {
        await pipeworkOnBridge(await pidOfWeb(), '203.0.113.50')
        const mac = (await web.link('eth1'))?.mac ?? ''
        const frames = await look.capture(lan, { while: () => $`docker exec web ping -c 1 203.0.113.1` })
        await expect(frames).to.have.frames([
          { ethernet: { source: mac }, ip: { source: '203.0.113.50', ttl: 64 }, ...request },
          { ethernet: { destination: mac }, icmp: { type: 'echo-reply' } },
        ])
        await expect(outside.ping('203.0.113.50')).to.answer()
        await expect(outside.neighbours('lan0')).to.show({ address: '203.0.113.50', mac })
        // As in VMware's bridged mode, host and guest hear each other as well.
        await expect(look.http('http://203.0.113.50')).to.show({ status: 200, seenFrom: { address: '203.0.113.2' } })
        await expect(web.ping('203.0.113.2')).to.answer()
      },
    )

    step(
      'the LAN reaches every port of it without any mapping, and none of the guest’s rules is asked',
      { covers: ['S000-05'] },
      async () => {
        expect((await look.container('web'))?.HostConfig.PortBindings).to.deep.equal({})
        await $`ip netns exec outside curl -s -m 3 203.0.113.50`.nothrow()
        await servesAt(80)
        // One that the image does not expose either.
        await $`docker exec web nginx -c /opt/webapp/nginx.conf -e /dev/null`
        await servesAt(5000)
        const forwarded = '-t mangle -A FORWARD -d 203.0.113.50'
        await $`iptables -t mangle -A FORWARD -d 203.0.113.50`
        defer`iptables -t mangle -D FORWARD -d 203.0.113.50`
        await expect(look.iptables({ table: 'mangle' })).not.to.use(forwarded, { while: () => servesAt(80) })
        // And it hears what anybody says to all of the LAN.
        const heard = await look.capture(
          { on: 'eth1', in: { container: 'web' }, as: 'web' },
          { while: () => $`ip netns exec outside ping -c 1 -W 1 203.0.113.99`.nothrow() },
        )
        await expect(heard).to.have.frame({ arp: { operation: 'request', target: { ip: '203.0.113.99' } } })
      },
    )

    step(
      'while br_netfilter shows bridged frames to iptables, the engine’s policy for FORWARD keeps the LAN out',
      {
        covers: [
          differs(
            'S000-05',
            'while net.bridge.bridge-nf-call-iptables is 1 the engine’s FORWARD policy drops what the LAN sends',
          ),
        ],
      },
      async () => {
        await $`sysctl -w net.bridge.bridge-nf-call-iptables=1`
        await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('1')
        await expect(look.iptables()).to.have.policy('filter', 'FORWARD', 'DROP')
        await expect(outside.tcp('203.0.113.50', 80)).not.to.answer({
          capture: onEth0,
          frame: { ip: { destination: '203.0.113.50' }, tcp: { destinationPort: 80, flags: ['SYN'] } },
        })
        await expect(web.ping('203.0.113.1')).not.to.answer({
          capture: act => look.capture({ on: 'eth1', in: { container: 'web' } }, { while: act }),
          frame: { ip: { destination: '203.0.113.1' }, ...request },
        })
        // What the guest says itself is not forwarded.
        await expect(look.ping('203.0.113.50')).to.answer()

        const pass = '-A DOCKER-USER -i br0 -o br0 -j ACCEPT'
        await $`iptables -I DOCKER-USER -i br0 -o br0 -j ACCEPT`
        defer`iptables -D DOCKER-USER -i br0 -o br0 -j ACCEPT`
        await expect(look.iptables({ table: 'filter' })).to.have.rule(pass, { position: 1 })
        await expect(look.iptables({ table: 'filter' })).to.use(pass, { while: () => servesAt(80) })
        await $`iptables -D DOCKER-USER -i br0 -o br0 -j ACCEPT`
        await expect(look.iptables({ table: 'filter' })).not.to.have.rule(pass)
        await $`sysctl -w net.bridge.bridge-nf-call-iptables=0`
        await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('0')
      },
    )

    step(
      'a restart takes the address away, link and all, and it has to be set again',
      { covers: ['S000-04'] },
      async () => {
        await servesAt(80)
        await expect(look.link(`veth1pl${await pidOfWeb()}`)).to.be.portOf('br0')
        const old = (await web.link('eth1'))?.mac ?? ''
        await $`docker restart -t 0 web`
        await expect(web.link('eth1')).to.be.absent()
        await expect(look.bridgeBehind('web')).to.show('docker0')
        expect((await look.ports('br0')).map(({ name }) => name)).to.deep.equal(['eth0'])
        await $`ip -n outside neigh flush dev lan0`
        await forgotten()
        await expect(outside.ping('203.0.113.50')).not.to.answer({ capture: onEth0, frame: asksForWeb })

        await $`ip -n outside neigh replace 203.0.113.50 lladdr ${old} nud stale dev lan0`
        await expect(outside.neighbours('lan0')).to.show({ address: '203.0.113.50', mac: old })
        await pipeworkOnBridge(await pidOfWeb(), '203.0.113.50')
        // By its last command the LAN has learned the new MAC without asking.
        const mac = (await web.link('eth1'))?.mac ?? ''
        expect(mac).not.to.equal(old)
        await expect(outside.neighbours('lan0')).to.show({ address: '203.0.113.50', mac })
        await servesAt(80)
      },
    )

    step(
      'of a container it needs no more than a process, which a cgroup names as well as the engine does',
      { covers: ['S002-78'] },
      async () => {
        const { stdout } =
          await $`awk '$3 == "cgroup" && /devices/ || $2 == "/sys/fs/cgroup" && $3 == "cgroup2" { print $2 }' /proc/mounts`
        const [tree = ''] = stdout.trim().split('\n')
        await $`mkdir ${tree}/plain`
        defer`rmdir ${tree}/plain`
        const plain =
          $`echo $$ >${tree}/plain/cgroup.procs; exec unshare --net sh -c 'echo; exec sleep infinity'`.nothrow()
        defer(async () => {
          await plain.kill()
          await plain
        })
        let said = ''
        plain.stdout.on('data', more => {
          said += more
        })
        // Once it has said something it is in a network namespace of its own.
        await expect({ title: 'the process', take: async () => said }).to.show('\n')
        const file = (await $`find ${tree} -name plain`).stdout.trim()
        const pid = (await $`head -n 1 ${file}/cgroup.procs`).stdout.trim()
        await pipeworkOnBridge(pid, '203.0.113.51')
        await expect(outside.ping('203.0.113.51')).to.answer()
        await expect(look.ping('203.0.113.51')).to.answer()
      },
    )

    step(
      'a network of the engine on the same bridge gives an address that outlasts a restart (beyond the document)',
      async () => {
        await $`docker rm -f web`
        await expect(look.container('web')).to.be.absent()
        await $`sysctl -w net.bridge.bridge-nf-call-iptables=1`
        await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('1')
        await $`docker network create --subnet 203.0.113.0/24 --gateway 203.0.113.2 --ip-range 203.0.113.64/27 -o com.docker.network.bridge.name=br0 lan`
        defer`docker network rm lan`
        const config = { Subnet: '203.0.113.0/24', IPRange: '203.0.113.64/27', Gateway: '203.0.113.2' }
        expect((await look.network('lan'))?.IPAM?.Config).to.deep.equal([config])
        await $`docker run -d --name durable --net lan --ip 203.0.113.50 nginx:alpine`
        defer`docker rm -f durable`
        for (const restarted of [false, true]) {
          if (restarted) {
            const pid = async () => (await look.container('durable'))?.State.Pid
            const before = await pid()
            await $`docker restart -t 0 durable`
            expect({ samePid: (await pid()) === before }).to.deep.equal({ samePid: false })
          }
          await expect(look.bridgeBehind('durable')).to.show('br0')
          await $`ip -n outside neigh flush dev lan0`
          await forgotten()
          await expect(look.in({ container: 'durable' }).link('eth0')).to.have.address('203.0.113.50/24')
          await servesAt(80)
          await expect(look.in({ container: 'durable' }).ping('203.0.113.1')).to.answer()
        }
        await $`docker rm -f durable`
        await $`docker network rm lan`
        await expect(look.network('lan')).to.be.absent()
        // The bridge was not the engine's, so it stays.
        await expect(look.link('br0')).to.have.address('203.0.113.2/24')
      },
    )
  },
)
