import { differs, holds, isFalse, lab } from '../harness/index.ts'

const topology = `
  test1                     guest                              outside
 +----------------+        +-----------------------------+    +-----------------+
 | eth0         o-+--------+-o veth…                     |    |                 |
 | 172.17.0.2/16  |        |        docker0         eth0 o----o   203.0.113.1   |
 +----------------+        |        172.17.0.1/16        |    |                 |
  test2                    |                 203.0.113.2 |    +-----------------+
 +----------------+        |                             |
 | eth0         o-+--------+-o veth…                     |
 | 172.17.0.3/16  |        +-----------------------------+
 +----------------+
`

export default lab(
  {
    title: 'docker0, and what the start of a container does to it',
    document: '000_c642ad2eea6dd55a',
    finds:
      "guest and container need no mapping; the guest's NIC is no port; a /16 has room for 65533, a bridge for 1023; MACs are random since engine 28",
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const test1 = look.in({ container: 'test1' })
    const outside = look.in({ netns: 'outside' })
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
    const pidOf = async (name: string) => (await look.container(name))?.State.Pid ?? 0

    step(
      'docker0 is a bridge with an address and no port, so it has no carrier',
      {
        covers: ['S002-30', 'S002-72', 'S004-12', differs('S003-04', 'it has no fe80:: address before its first port')],
      },
      async () => {
        const { stdout } = await $`ip addr`
        await expect(stdout).to.print(/^\d+: docker0: <NO-CARRIER,BROADCAST,MULTICAST,UP> .* state DOWN/m)
        await expect(stdout).to.print('inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0')
        await expect(look.link('docker0')).to.be.bridge()
        await expect(look.addresses('docker0')).not.to.show({ address: /^fe80::/ })
        await $`brctl show`
        await expect(look.ports('docker0')).to.show([])
        const owner = await $`dpkg -S sbin/brctl`
        await expect(owner.stdout).to.print(/^bridge-utils: /)
      },
    )

    step(
      'brctl shows its id: 8000. and its MAC, which begins with 02:42 up to engine 26',
      {
        covers: [
          differs('S000-06', 'yum is not there', { engine: '<28' }),
          differs('S000-06', 'the MAC, and so the id, is random', { engine: '>=28' }),
        ],
        changed: [
          {
            since: 28,
            of: 'addresses and links',
            says: 'The MAC of a bridge that the engine makes is drawn at random; before, it began with 02:42',
          },
        ],
      },
      async () => {
        const yum = await $`yum install -y bridge-utils`.nothrow()
        expect(yum.exitCode).to.equal(127)
        const { stdout } = await $`brctl show`
        const mac = (await look.link('docker0'))?.mac?.replaceAll(':', '') ?? ''
        await expect(stdout).to.print(new RegExp(`^docker0\\s+8000\\.${mac}\\s+no\\s*$`, 'm'))
        const made = { mac: /^02:42:/ }
        if ((await major()) < 28) await expect(look.link('docker0')).to.show(made)
        else await expect(look.link('docker0')).not.to.show(made)
      },
    )

    step(
      'the engine has three networks, and this is the one called bridge',
      {
        covers: [
          'S003-16',
          holds('S003-17', { engine: '>=26' }),
          differs('S003-17', 'it names no gateway', { engine: '<26' }),
        ],
        changed: [{ since: 26, of: 'commands and the API', says: 'docker network inspect bridge names the gateway' }],
      },
      async () => {
        const { stdout } = await $`docker network ls`
        const rows = stdout.trim().split('\n').slice(1)
        expect(rows.map(row => row.split(/ +/).slice(1).join(' ')).sort()).to.deep.equal([
          'bridge bridge local',
          'host host local',
          'none null local',
        ])
        const id = rows.find(row => / bridge +bridge /.test(row))?.split(' ')[0] ?? ''
        await $`docker network inspect ${id}`
        await expect(look.network(id)).to.show({
          Name: 'bridge',
          IPAM: { Config: [{ Subnet: '172.17.0.0/16' }] },
          Options: {
            'com.docker.network.bridge.default_bridge': 'true',
            'com.docker.network.bridge.enable_icc': 'true',
            'com.docker.network.bridge.enable_ip_masquerade': 'true',
            'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
            'com.docker.network.bridge.name': 'docker0',
            'com.docker.network.driver.mtu': '1500',
          },
        })
        const gateway = (await major()) < 26 ? undefined : '172.17.0.1'
        await expect(look.network(id)).to.show({ IPAM: { Config: [{ Gateway: gateway }] } })
      },
    )

    step(
      'a container started without a word about networks gets a veth pair, one end of it a port of docker0',
      { covers: ['S000-02', 'S000-07', 'S001-01', 'S002-33', 'S003-08', 'S003-09', 'S004-11', 'S004-13'] },
      async () => {
        await $`docker run -d --name test1 nginx:alpine`
        defer`docker rm -f test1`
        await $`brctl show`
        await $`ip a |grep veth`
        const [veth] = await look.ports('docker0')
        expect(veth?.name).to.match(/^veth/)
        await expect(look.peer(veth?.name ?? '')).to.be.pairedWith(test1.peer('eth0'))
        await expect(look.link('docker0')).to.show({ state: 'UP' })
        const id = (await look.container('test1'))?.Id ?? ''
        await expect(look.network('bridge')).to.show({ Containers: { [id]: { Name: 'test1' } } })
      },
    )

    step('its eth0 has an address of docker0’s range', { covers: ['S000-10', 'S002-32'] }, async () => {
      const { stdout } = await $`docker exec test1 ifconfig`
      const address = await addressOf('test1')
      await expect(stdout).to.print(`inet addr:${address}  Bcast:172.17.255.255  Mask:255.255.0.0`)
      expect(address).to.match(/^172\.17\.0\.\d+$/)
      await expect(test1.link('eth0')).to.have.address(`${address}/16`)
    })

    step('its default gateway is docker0', { covers: ['S000-11', 'S002-74'] }, async () => {
      const { stdout } = await $`docker exec test1 route -n`
      await expect(stdout).to.print(/^0\.0\.0\.0 +172\.17\.0\.1 +0\.0\.0\.0 .* eth0$/m)
      await expect(stdout).to.print(/^172\.17\.0\.0 +0\.0\.0\.0 +255\.255\.0\.0 .* eth0$/m)
      await expect(test1.routes()).to.show({ destination: 'default', gateway: '172.17.0.1', link: 'eth0' })
      await expect(look.link('docker0')).to.have.address('172.17.0.1/16')
      await expect(test1.ping('203.0.113.1')).to.answer()
    })

    step(
      'a container asked for as documented shows the same; grep finds the line',
      { covers: [differs('S002-74', 'the gateway is 172.17.0.1, not 172.17.42.1')] },
      async () => {
        const addr = await $`docker run --rm base ip addr show eth0`.pipe`egrep "inet.*eth0"`
        await expect(addr.stdout).to.print(/inet 172\.17\.0\.\d+\/16 .* eth0$/m)
        const route = await $`docker run --rm base ip route`
        await expect(route.stdout).to.print(/^default via 172\.17\.0\.1 dev eth0/m)
      },
    )

    step(
      'a second container is reached by its address, over docker0 and by its MAC',
      {
        covers: ['S002-34', 'S003-05', 'S004-14'],
      },
      async () => {
        await $`docker run -d --name test2 nginx:alpine`
        defer`docker rm -f test2`
        await expect(look.bridgeBehind('test2')).to.show('docker0')
        const missing = await $`docker exec -i test sh`.nothrow()
        await expect(missing.stderr).to.print(/No such container: test/)
        const address = await addressOf('test2')
        expect(address).not.to.equal(await addressOf('test1'))
        await expect(look.http(`http://${address}`)).to.answer()
        await expect(test1.ping(address)).to.answer()
        const mac = (await look.in({ container: 'test2' }).link('eth0'))?.mac
        const frames = await look.capture('docker0', {
          filter: 'tcp',
          while: () => $`docker exec test1 curl -s ${address}:80`,
        })
        await expect(frames).to.have.frame({
          ethernet: { destination: mac ?? '' },
          ip: { destination: address, ttl: 64 },
          tcp: { destinationPort: 80, flags: ['SYN'] },
        })
      },
    )

    step(
      'the guest reaches it without any mapping, and it the guest',
      {
        covers: [
          'S003-07',
          isFalse('S000-18', 'guest and container reach each other by address; a mapping is for those outside'),
        ],
      },
      async () => {
        const address = await addressOf('test1')
        await $`ping -c 1 ${address}`
        await expect(look.ping(address)).to.answer()
        await expect(look.http(`http://${address}`)).to.answer()
        await expect(test1.ping('172.17.0.1')).to.answer()
        // From outside it is not: who sends there by the guest finds no way in.
        await $`ip -n outside route add 172.17.0.0/16 via 203.0.113.2`
        defer`ip -n outside route del 172.17.0.0/16 via 203.0.113.2`
        await expect(outside.routes()).to.show({ destination: '172.17.0.0/16', gateway: '203.0.113.2' })
        await expect(outside.tcp(address, 80)).not.to.answer({
          capture: act => look.capture('eth0', { while: act }),
          frame: { ip: { destination: address }, tcp: { destinationPort: 80, flags: ['SYN'] } },
        })
      },
    )

    step(
      'docker0 does not put containers on the guest’s own network: eth0 is no port of it',
      {
        covers: [
          isFalse('S002-69', 'only veths are ports of docker0; the guest’s NIC is not, and routes stand between'),
        ],
      },
      async () => {
        const ports = (await look.ports('docker0')).map(({ name }) => name)
        expect(ports).to.have.lengthOf(2).and.not.to.include('eth0')
        await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
        await expect(look.iptables()).to.have.rule('-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE')
        const frames = await look.capture(
          { on: 'lan0', in: { netns: 'outside' }, as: 'outside' },
          { filter: 'not ip6', while: () => $`docker exec test1 ping -c 1 203.0.113.1` },
        )
        const mac = (await test1.link('eth0'))?.mac ?? ''
        // The LAN sees the guest's MAC and, masqueraded, its address.
        await expect(frames).not.to.have.frame(
          { ethernet: { source: mac } },
          { witness: { ip: { source: '203.0.113.2' }, icmp: { type: 'echo-request' } } },
        )
      },
    )

    step(
      'an address is kept over a restart unless somebody took it, and given anew after a removal',
      { covers: [differs('S003-11', 'a restart changes it only if another container has taken it meanwhile')] },
      async () => {
        await $`docker run -itd --name web-01 centos`
        defer`docker rm -f web-01`
        await expect(look.bridgeBehind('web-01')).to.show('docker0')
        const first = await addressOf('web-01')
        const pid = await pidOf('web-01')
        await $`docker restart -t 0 web-01`
        expect({ asBefore: (await pidOf('web-01')) === pid }).to.deep.equal({ asBefore: false })
        await expect(look.bridgeBehind('web-01')).to.show('docker0')
        expect(await addressOf('web-01')).to.equal(first)
        await $`docker stop -t 0 web-01`
        await $`docker run -itd --name taker centos`
        defer`docker rm -f taker`
        await $`docker start web-01`
        expect(await addressOf('taker')).to.equal(first)
        expect(await addressOf('web-01')).not.to.equal(first)
        for (const name of ['web-01', 'taker']) await expect(look.bridgeBehind(name)).to.show('docker0')
      },
    )

    step(
      'a subnet has room for all its addresses but three: network, broadcast, gateway',
      {
        covers: [
          isFalse('S003-10', 'a /16 has 65533 addresses to give, those with a 0 or a 255 in them too'),
          isFalse('S003-18', 'a /16 has 65536 addresses, and is one network'),
        ],
      },
      async () => {
        await $`docker network create --subnet 198.51.100.0/29 tiny`
        defer`docker network rm tiny`
        const tiny = await look.network('tiny')
        expect(tiny?.IPAM?.Config?.[0]?.Subnet).to.match(/^198\.51\.100\.0\//)
        for (const number of [1, 2, 3, 4, 5]) {
          await $`docker run -d --name t${number} --net tiny busybox sleep 1000`
          defer`docker rm -f t${number}`
          const ports = Array.from({ length: number }, () => ({ state: 'forwarding' }))
          await expect(look.ports(`br-${tiny?.Id.slice(0, 12)}`)).to.show(ports)
        }
        const refused = await $`docker run -d --name t6 --net tiny busybox sleep 1000`.nothrow()
        await $`docker rm -f t6`
        await expect(look.container('t6')).to.be.absent()
        expect(refused.exitCode).to.equal(125)
        await expect(refused.stderr).to.print(/no available IPv4 addresses/)
        const containers = Object.values((await look.network('tiny'))?.Containers ?? {})
        const last = containers.map(({ IPv4Address }) => Number(/\.(\d+)\/29$/.exec(IPv4Address)?.[1])).sort()
        expect(last).to.deep.equal([2, 3, 4, 5, 6])
        expect(2 ** (32 - 29) - 3).to.equal(containers.length)
        // Of a /16 the same three are refused, and none that 255 times 255 leaves out.
        await $`docker network create --subnet 198.18.0.0/16 --gateway 198.18.0.1 large`
        defer`docker network rm large`
        const large = await look.network('large')
        expect(large?.IPAM?.Config).to.deep.equal([{ Subnet: '198.18.0.0/16', Gateway: '198.18.0.1' }])
        const run = (address: string) =>
          $`docker run -d --name large-${address} --net large --ip ${address} nginx:alpine`.nothrow()
        for (const address of ['198.18.0.0', '198.18.0.1', '198.18.255.255']) {
          const { exitCode, stderr } = await run(address)
          await $`docker rm -f large-${address}`
          await expect(look.container(`large-${address}`)).to.be.absent()
          expect(exitCode).to.equal(125)
          await expect(stderr).to.print(/Address already in use/)
        }
        for (const address of ['198.18.0.255', '198.18.1.0', '198.18.255.254']) {
          await run(address)
          defer`docker rm -f large-${address}`
          const [end] = await look.in({ container: `large-${address}` }).addresses('eth0')
          expect(end).to.include({ address, prefixLength: 16 })
          await expect(look.http(`http://${address}`)).to.answer()
        }
      },
    )

    step(
      'docker0 is full long before its addresses are: a bridge has 1023 ports',
      { covers: [isFalse('S003-10', 'the 1024th container is refused: a bridge has 1023 ports')] },
      async () => {
        const taken = (await look.ports('docker0')).length
        expect(taken).to.be.within(1, 20)
        // Veth pairs with both ends at docker0 are as good as containers here, and quicker made.
        const free = 1023 - taken
        defer`ip link delete group 77`
        await $`for i in $(seq ${free}); do
          (( i % 2 )) && echo link add fill$i group 77 master docker0 type veth peer name fill$((i + 1)) ||
            echo link set fill$i master docker0
        done | ip -batch -`
        expect((await look.ports('docker0')).length).to.equal(1023)
        const refused = await $`docker run -d --name one-more nginx:alpine`.nothrow()
        await $`docker rm -f one-more`
        expect(refused.exitCode).to.equal(125)
        await expect(refused.stderr).to.print(/adding interface veth\w+ to bridge docker0 failed: exchange full/)
        // With one port free there is room for one container, and it has an address.
        await $`ip link set fill1 nomaster`
        await $`docker run -d --name one-more nginx:alpine`
        defer`docker rm -f one-more`
        await expect(look.http(`http://${await addressOf('one-more')}`)).to.answer()
        await $`ip link delete group 77`
        await expect(look.link('fill1')).to.be.absent()
      },
    )

    step('with its containers docker0 loses its ports, and its carrier', { covers: ['S000-08'] }, async () => {
      await $`docker rm -f \`docker ps -aq\``
      const { stdout } = await $`docker ps -a -q`
      expect(stdout).to.equal('')
      await $`brctl show`
      await expect(look.ports('docker0')).to.show([])
      await expect(look.link('docker0')).to.show({ state: 'DOWN' })
    })
  },
)
