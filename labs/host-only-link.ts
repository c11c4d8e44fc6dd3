import { differs, lab } from '../harness/index.ts'

const topology = `
  hostonly (--net=none)     guest                          outside
 +-----------------+       +------------------------+     +-------------+
 | B             o-+-------+-o A                    |     |             |
 | 10.1.1.2/32     |       |   10.1.1.1/32     eth0 o-----o 203.0.113.1 |
 +-----------------+       |            203.0.113.2 |     |             |
  neighbour                |                        |     +-------------+
 +-----------------+       |   docker0              |
 | eth0 172.17…  o-+-------+-o 172.17.0.1           |
 +-----------------+       +------------------------+
`

export default lab(
  {
    title: 'A wire between a container and the guest alone',
    document: '002_4055c2f40a7b121a',
    finds:
      'the container begins nothing with anybody else, but those on docker0 reach it: the engine forwards and masquerades for them, also with --icc=false, which is about docker0 only',
    topology,
    engine: true,
    unseen: [{ mutation: /without mkdir -p \/var\/run\/netns/, because: 'the folder is there, as outside is a netns' }],
    needs: { kernel: ['br_netfilter'] },
  },
  ({ $, look, expect, step, defer }) => {
    const hostonly = look.in({ container: 'hostonly' })
    const neighbour = look.in({ container: 'neighbour' })
    const outside = look.in({ netns: 'outside' })
    const filter = look.iptables({ table: 'filter' })
    const nat = look.iptables({ table: 'nat' })
    const request = { icmp: { type: 'echo-request' } }
    const masquerade = '-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''

    const joinToGuest = async () => {
      const pid = (await $`docker inspect -f '{{.State.Pid}}' hostonly`).stdout.trim()
      await $`mkdir -p /var/run/netns`
      await $`ln -s /proc/${pid}/ns/net /var/run/netns/${pid}`
      defer`rm -f /var/run/netns/${pid}`
      await $`ip link add A type veth peer name B`
      await $`ip addr add 10.1.1.1/32 dev A`
      await $`ip link set A up`
      await $`ip route add 10.1.1.2/32 dev A`
      await $`ip link set B netns ${pid}`
      await $`ip netns exec ${pid} ip addr add 10.1.1.2/32 dev B`
      await $`ip netns exec ${pid} ip link set B up`
      await $`ip netns exec ${pid} ip route add 10.1.1.1/32 dev B`
      await expect(look.link('A')).to.have.address('10.1.1.1/32')
      await expect(look.routes()).to.show({ destination: '10.1.1.2', link: 'A' })
      await expect(hostonly.link('B')).to.have.address('10.1.1.2/32')
      await expect(hostonly.routes()).to.show({ destination: '10.1.1.1', link: 'B' })
    }

    step('one end stays with the guest: it and the container hear each other', { covers: ['S002-86'] }, async () => {
      await $`docker run -d --name hostonly --net=none nginx:alpine`
      defer`docker rm -f hostonly`
      await joinToGuest()
      await expect(look.peer('A')).to.be.pairedWith(hostonly.peer('B'))
      await $`docker exec hostonly ping -c 1 10.1.1.1`
      await expect(look.ping('10.1.1.2')).to.answer()
      await expect(hostonly.ping('10.1.1.1')).to.answer()
      await expect(look.http('http://10.1.1.2')).to.show({ status: 200, seenFrom: { address: '10.1.1.1' } })
    })

    step('it begins nothing with anybody else, and outside finds no way to it', { covers: ['S002-86'] }, async () => {
      await $`docker run -d --name neighbour nginx:alpine`
      defer`docker rm -f neighbour`
      for (const to of ['203.0.113.1', '172.17.0.1', await addressOf('neighbour')]) {
        const asked = await $`docker exec hostonly ping -c 1 ${to}`.nothrow()
        await expect(asked.stderr).to.print('Network is unreachable')
      }
      await $`ip -n outside route add 10.1.1.2 via 203.0.113.2`
      defer`ip -n outside route del 10.1.1.2 via 203.0.113.2`
      await expect(filter).to.have.policy('filter', 'FORWARD', 'DROP')
      await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
      await expect(outside.ping('10.1.1.2')).not.to.answer({
        capture: act => look.capture('eth0', { while: act }),
        frame: { ip: { destination: '10.1.1.2' }, ...request },
      })
    })

    step(
      'but containers on docker0 reach it: the guest forwards for them, and masquerades them as itself',
      {
        covers: [
          differs(
            'S002-86',
            'it talks with the guest only as long as nobody else begins: containers on docker0 reach it through the guest',
          ),
        ],
      },
      async () => {
        await expect(neighbour.ping('10.1.1.2')).to.show({ replies: [{ from: '10.1.1.2', ttl: 63 }] })
        await expect(neighbour.http('http://10.1.1.2')).to.show({ status: 200, seenFrom: { address: '10.1.1.1' } })
        const ask = () => $`docker exec neighbour ping -c 1 10.1.1.2`
        await expect(nat).to.use(masquerade, { times: 1, while: ask })
        const frames = await look.capture(['docker0', 'A'], { filter: 'icmp', while: ask })
        await expect(frames).to.have.rewrite({
          from: { at: 'docker0', ip: { source: await addressOf('neighbour'), destination: '10.1.1.2' }, ...request },
          to: { at: 'A', ip: { source: '10.1.1.1', destination: '10.1.1.2' }, ...request },
        })
      },
    )

    step('a rule keeps them out, and the guest is heard as before (beyond the document)', async () => {
      const drop = '-A DOCKER-USER -o A -j DROP'
      await $`iptables -I DOCKER-USER -o A -j DROP`
      defer`iptables -D DOCKER-USER -o A -j DROP`
      await expect(filter).to.use(drop, {
        while: () =>
          expect(neighbour.ping('10.1.1.2')).not.to.answer({
            capture: act => look.capture('docker0', { while: act }),
            frame: { ip: { destination: '10.1.1.2' }, ...request },
          }),
      })
      await expect(look.ping('10.1.1.2')).to.answer()
      await expect(hostonly.ping('10.1.1.1')).to.answer()
      await $`iptables -D DOCKER-USER -o A -j DROP`
    })

    step('an internal network has that rule, and needs no wire made by hand (beyond the document)', async () => {
      await $`docker network create --internal --subnet 198.51.100.0/24 inner`
      defer`docker network rm inner`
      await expect(look.routes()).to.show({ destination: '198.51.100.0/24' })
      await $`docker run -d --name alone --net inner nginx:alpine`
      defer`docker rm -f alone`
      const address = (await look.container('alone'))?.NetworkSettings.Networks.inner?.IPAddress ?? ''
      await expect(look.http(`http://${address}`)).to.answer()
      await expect(look.in({ container: 'alone' }).ping('198.51.100.1')).to.answer()
      await expect(filter).to.use(
        `-A DOCKER-ISOLATION-STAGE-1 ! -s 198.51.100.0/24 -o ${await look.bridge('inner')} -j DROP`,
        {
          while: () =>
            expect(neighbour.ping(address)).not.to.answer({
              capture: act => look.capture('docker0', { while: act }),
              frame: { ip: { destination: address }, ...request },
            }),
        },
      )
      await $`docker rm -f alone`
      await $`docker network rm inner`
    })

    step(
      '--icc=false keeps the containers of docker0 from each other, and from nobody else: it is no replacement',
      {
        covers: [
          differs(
            'S002-86',
            'with --icc=false containers still reach outside, and the one on a wire of its own: it does something else',
          ),
        ],
      },
      async () => {
        await $`docker rm -f neighbour`
        await $`docker rm -f hostonly`
        await expect(look.link('A')).to.be.absent()
        await $`service docker stop`
        defer(async () => {
          await $`service docker start`
          await expect(look.engine()).to.be.present()
        })
        await $`echo 'DOCKER_OPTS=--icc=false' >> /etc/default/docker`
        defer`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`
        await $`service docker start`
        defer(() => $`service docker stop`)
        await expect(look.engine()).to.be.present()
        await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('1')

        await $`docker run -d --name hostonly --net=none nginx:alpine`
        defer`docker rm -f hostonly`
        await joinToGuest()
        for (const name of ['neighbour', 'other']) {
          await $`docker run -d --name ${name} nginx:alpine`
          defer`docker rm -f ${name}`
        }
        const other = await addressOf('other')
        await expect(neighbour.ping(other)).not.to.answer({
          capture: act => look.capture({ on: 'eth0', in: { container: 'neighbour' } }, { while: act }),
          frame: { ip: { destination: other }, ...request },
        })
        await expect(neighbour.ping('203.0.113.1')).to.answer()
        await expect(neighbour.ping('10.1.1.2')).to.answer()
        await expect(look.ping(other)).to.answer()
      },
    )
  },
)
