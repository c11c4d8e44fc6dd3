import { differs, holds, isFalse, lab } from '../harness/index.ts'

const topology = `
  test1 + joined         test2                 alone           hosted
 +----------------+     +----------------+    +---------+     . . . . . . . . .
 | eth0         o-+--.  | eth0         o-+-.  | lo      |     . in the guest's .
 +----------------+  |  +----------------+ |  +---------+     . own netns      .
  bridge, container  |   bridge            |   none           .  host          .
                   ==o=== docker0 =========o==                . . . . . . . . .
                          172.17.0.1/16  guest  eth0 203.0.113.2 ---- outside
`

export default lab(
  {
    title: 'The network modes, and what a container gets of each',
    document: '000_c642ad2eea6dd55a',
    finds:
      'a veth pair comes with the start, and in mode bridge only; none stays alone until somebody plugs it in; dokcer clears nothing',
    topology,
    engine: true,
    unseen: [{ mutation: /without mkdir -p \/var\/run\/netns/, because: 'the folder is there, as outside is a netns' }],
  },
  ({ $, look, expect, step, defer }) => {
    const inside = (container: string) => look.in({ container })
    const test1 = inside('test1')
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
    // As /proc shows them, so that they are known for inodes.
    const netnsOf = async (name: string) => `net:[${(await inside(name).peer('lo'))?.netns}]`
    const portNames = async () => (await look.ports('docker0')).map(({ name }) => name)

    step(
      'the commands that are to clear everything clear nothing: dokcer is misspelt, and containers’ ids name no images',
      {
        covers: [
          isFalse('S003-03', 'dokcer is no command; spelt well, the first clears containers, the second never images'),
        ],
      },
      async () => {
        await $`docker run -dti --name before busybox`
        const removed = defer`docker rm -f before`
        await expect(look.bridgeBehind('before')).to.show('docker0')
        const images = (await $`docker images -q | sort`).stdout
        for (const refused of [
          await $`docker rm -f $(dokcer ps -a -q)`.nothrow(),
          await $`docker rmi -f $(dokcer ps -aq)`.nothrow(),
        ]) {
          expect(refused.exitCode).to.equal(1)
          await expect(refused.stderr).to.print('dokcer: command not found')
          await expect(refused.stderr).to.print('requires at least 1 argument')
        }
        const ofContainers = await $`docker rmi -f $(docker ps -aq)`.nothrow()
        await expect(ofContainers.stderr).to.print('No such image')
        await expect(look.container('before')).to.show({ State: { Running: true } })
        await $`docker rm -f $(docker ps -a -q)`
        removed.done()
        await expect(look.container('before')).to.be.absent()
        expect({ allThere: (await $`docker images -q | sort`).stdout === images }).to.deep.equal({ allThere: true })
      },
    )

    step(
      'without a word about it a container is on docker0, as its eth0 shows',
      {
        covers: [
          holds('S003-06', { engine: '<28' }),
          differs('S003-06', 'the MAC address is random, and eth0 is numbered by its own netns', { engine: '>=28' }),
        ],
        changed: [
          {
            since: 28,
            of: 'addresses and links',
            says: 'A container’s MAC is drawn at random at each start; before, it was made of its IP address: 02:42 and the four octets',
          },
        ],
      },
      async () => {
        await $`docker run -itd --name web-01 centos`
        defer`docker rm -f web-01`
        const { stdout } = await $`docker exec web-01 ip addr`
        await expect(stdout).to.print(/^\d+: eth0@if\d+: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 /m)
        await expect(stdout).to.print('inet 172.17.0.2/16 brd 172.17.255.255 scope global eth0')
        const [veth = ''] = await portNames()
        await expect(look.peer(veth)).to.be.pairedWith(inside('web-01').peer('eth0'))
        const eth0 = await inside('web-01').link('eth0')
        const asPrinted = (await major()) < 28
        expect({ madeOfAddress: eth0?.mac === '02:42:ac:11:00:02' }).to.deep.equal({ madeOfAddress: asPrinted })
        // Moved into the container it keeps the number that the guest gave it, one less than its peer's; made there, it gets its own.
        const ahead = (eth0?.iflink ?? 0) - (eth0?.ifindex ?? 0)
        expect({ nextToItsPeer: ahead === 1 }).to.deep.equal({ nextToItsPeer: asPrinted })
      },
    )

    step(
      'each start makes a veth pair, one end on docker0, one in the container; the creation alone makes none',
      { covers: [differs('S001-05', 'it comes with the start, not the creation, and in mode bridge only')] },
      async () => {
        const before = await portNames()
        await $`docker create --name test1 nginx:alpine`
        defer`docker rm -f test1`
        expect(await portNames()).to.deep.equal(before)
        await $`docker start test1`
        const [veth = '', ...more] = (await portNames()).filter(name => !before.includes(name))
        expect(more).to.deep.equal([])
        await expect(look.peer(veth)).to.be.pairedWith(test1.peer('eth0'))
        const { stdout } = await $`sudo brctl show`
        const listed = [...before, veth].filter(name => stdout.includes(name))
        expect(listed).to.deep.equal([...before, veth])
        await $`docker stop -t 0 test1`
        await expect(look.link(veth)).to.be.absent()
        await $`docker start test1`
        await expect(look.bridgeBehind('test1')).to.show('docker0')
      },
    )

    step(
      'the second container answers the first, at an address that has to be looked up',
      { covers: [differs('S000-12', 'the first is called test1, not test, and the second is not at 172.17.0.8')] },
      async () => {
        await $`docker run -d --name test2 nginx:alpine`
        defer`docker rm -f test2`
        await expect(look.bridgeBehind('test2')).to.show('docker0')
        const missing = await $`docker exec -i test sh`.nothrow()
        await expect(missing.stderr).to.print(/No such container: test$/m)
        // No registry and no mirror is asked here: the image that stands in has curl, and neither apk nor a list of mirrors.
        const changed =
          await $`docker exec test1 sed -i 's/dl-cdn.alpinelinux.org/mirrors.tuna.tsinghua.edu.cn/g' /etc/apk/repositories`.nothrow()
        await expect(changed.stderr).to.print('No such file or directory')
        const installed = await $`docker exec test1 sh -c 'apk add curl'`.nothrow()
        expect(installed.exitCode).to.equal(127)
        const asPrinted = await $`docker exec test1 curl 172.17.0.8:80`.nothrow()
        expect(asPrinted.exitCode).to.equal(7)
        const address = await addressOf('test2')
        await expect(test1.http(`http://${address}`)).to.answer()
        const { stdout } = await $`docker exec test1 curl -s ${address}:80`
        await expect(stdout).to.print('Welcome to nginx!')
        await expect(inside('test2').http(`http://${await addressOf('test1')}`)).to.answer()
      },
    )

    step(
      'mode bridge: all on one bridge, each with an address of its own; it forwards between them, and masquerades beyond',
      { covers: ['S003-01'] },
      async () => {
        const names = ['web-01', 'test1', 'test2']
        const addresses = await Promise.all(names.map(addressOf))
        expect(new Set(addresses).size).to.equal(names.length)
        const ends = await Promise.all(names.map(async name => (await inside(name).link('eth0'))?.iflink))
        const ports = await look.ports('docker0')
        expect(ports).to.have.lengthOf(names.length)
        const portOf = async (index: number) =>
          (await look.links()).find(({ ifindex, master }) => ifindex === ends[index] && master === 'docker0')?.name ??
          ''
        const [one, other] = [await portOf(1), await portOf(2)]
        // The same frame comes in by one port and goes out by the other: nobody has routed it.
        const request = {
          ethernet: {
            source: (await test1.link('eth0'))?.mac ?? '',
            destination: (await inside('test2').link('eth0'))?.mac ?? '',
          },
          ip: { source: addresses[1], destination: addresses[2], ttl: 64 },
          icmp: { type: 'echo-request' },
        }
        await expect(test1.ping(addresses[2] ?? '')).to.answer()
        const bridged = await look.capture([one, other], {
          while: () => $`docker exec test1 ping -c 1 ${addresses[2]}`,
        })
        await expect(bridged).to.have.frame({ at: one, ...request })
        await expect(bridged).to.have.frame({ at: other, ...request })
        await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
        await expect(look.iptables()).to.have.rule('-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE')
        await expect(test1.ping('114.114.114.114')).to.answer()
        const frames = await look.capture(['docker0', 'eth0'], {
          filter: 'icmp',
          while: () => $`docker exec test1 ping -c 1 114.114.114.114`,
        })
        await expect(frames).to.have.rewrite({
          from: { at: 'docker0', ip: { source: addresses[1] }, icmp: { type: 'echo-request' } },
          to: { at: 'eth0', ip: { source: '203.0.113.2' }, icmp: { type: 'echo-request' } },
        })
      },
    )

    step(
      '--net takes bridge, none, container:NAME, container:ID and host, and the name of a network as well',
      {
        covers: [
          differs('S000-01', 'the name of a network of one’s own is taken as well'),
          differs('S002-88', 'the name of a network of one’s own is taken as well'),
          differs('S001-05', 'it comes with the start, not the creation, and in mode bridge only'),
        ],
      },
      async () => {
        const before = await portNames()
        const id = (await look.container('test1'))?.Id ?? ''
        await $`docker run -dti --name bridged --net=bridge centos`
        defer`docker rm -f bridged`
        expect(await portNames()).to.have.lengthOf(before.length + 1)
        await $`docker run -d --name alone --net=none nginx:alpine`
        defer`docker rm -f alone`
        await $`docker run -dti --name joined --net=container:test1 centos`
        defer`docker rm -f joined`
        await $`docker run -dti --name joined-by-id --net=container:${id} centos`
        defer`docker rm -f joined-by-id`
        await $`docker run -dti --name hosted --net=host centos`
        defer`docker rm -f hosted`
        expect(await portNames()).to.have.lengthOf(before.length + 1)
        for (const [name, mode] of [
          ['bridged', 'bridge'],
          ['alone', 'none'],
          ['joined', `container:${id}`],
          ['joined-by-id', `container:${id}`],
          ['hosted', 'host'],
        ] as const) {
          await expect(look.container(name)).to.show({ HostConfig: { NetworkMode: mode } })
        }
        const guest = `net:[${(await look.peer('lo'))?.netns}]`
        const [bridged, alone, first] = [await netnsOf('bridged'), await netnsOf('alone'), await netnsOf('test1')]
        expect(new Set([guest, bridged, alone, first]).size).to.equal(4)
        expect(await netnsOf('joined')).to.equal(first)
        expect(await netnsOf('joined-by-id')).to.equal(first)
        expect(await netnsOf('hosted')).to.equal(guest)
        // A word that is none of these has to be a network's.
        const unknown = await $`docker run --rm --net=nat centos true`.nothrow()
        expect(unknown.exitCode).to.equal(125)
        await expect(unknown.stderr).to.print('network nat not found')
        await $`docker network create own`
        defer`docker network rm own`
        await $`docker run -dti --name owned --net=own centos`
        defer`docker rm -f owned`
        await expect(look.ports(await look.bridge('own'))).to.show([{ state: 'forwarding' }])
        await expect(look.container('owned')).to.show({
          HostConfig: { NetworkMode: 'own' },
          NetworkSettings: { Networks: { own: { IPAddress: /^\d/ } } },
        })
      },
    )

    step(
      'mode container: nothing stands between the two, not even for what listens on 127.0.0.1',
      { covers: ['S001-03'] },
      async () => {
        await $`docker exec -d test1 httpd -f -p 127.0.0.1:4000 -h /usr/share/nginx/html`
        await expect(test1.http('http://127.0.0.1:4000')).to.answer()
        const { stdout } = await $`docker exec joined curl -s http://127.0.0.1:4000`
        await expect(stdout).to.print('Welcome to nginx!')
        expect(await inside('joined').links()).to.deep.equal(await test1.links())
        // To a neighbour on the same bridge that is closed.
        const address = await addressOf('test1')
        await expect(inside('test2').tcp(address, 4000)).not.to.answer({
          capture: act => look.capture('docker0', { while: act }),
          frame: { ip: { destination: address }, tcp: { destinationPort: 4000, flags: ['SYN'] } },
        })
      },
    )

    step('mode none: there is lo and nothing else', { covers: ['S001-04', 'S004-19'] }, async () => {
      const links = await inside('alone').links()
      expect(links.map(({ name }) => name)).to.deep.equal(['lo'])
      await expect(inside('alone').routes()).to.show([])
      const own = await $`docker exec alone curl -s http://127.0.0.1`
      await expect(own.stdout).to.print('Welcome to nginx!')
      const sent = await $`docker exec alone ping -c 1 203.0.113.1`.nothrow()
      await expect(sent.stderr).to.print('Network is unreachable')
      await expect(look.container('alone')).to.show({ NetworkSettings: { Networks: { none: { IPAddress: '' } } } })
    })

    step(
      'plugged in by hand it hears the guest and the outside, like one of mode bridge',
      { covers: ['S004-19'] },
      async () => {
        const pid = (await look.container('alone'))?.State.Pid
        await $`mkdir -p /var/run/netns`
        await $`ln -s /proc/${pid}/ns/net /var/run/netns/alone`
        defer`rm /var/run/netns/alone`
        await $`ip link add veth-alone type veth peer name eth0 netns alone`
        defer`ip link delete veth-alone`
        await $`ip link set veth-alone master docker0 up`
        await $`ip netns exec alone ip addr add 172.17.0.99/16 dev eth0`
        await $`ip netns exec alone ip link set eth0 up`
        await expect(look.link('veth-alone')).to.be.portOf('docker0')
        await expect(look.link('veth-alone')).to.be.up()
        await expect(inside('alone').link('eth0')).to.have.address('172.17.0.99/16')
        await expect(inside('alone').link('eth0')).to.be.up()
        await expect(look.http('http://172.17.0.99')).to.answer()
        const sent = await $`docker exec alone ping -c 1 203.0.113.1`.nothrow()
        await expect(sent.stderr).to.print('Network is unreachable')
        await $`ip netns exec alone ip route add default via 172.17.0.1`
        await expect(inside('alone').routes()).to.show({ destination: 'default', gateway: '172.17.0.1' })
        await expect(inside('alone').ping('203.0.113.1')).to.answer()
        // The engine still knows nothing of it.
        await expect(look.container('alone')).to.show({ NetworkSettings: { Networks: { none: { IPAddress: '' } } } })
      },
    )
  },
)
