import { differs, lab } from '../harness/index.ts'

const topology = `
  pub                         guest                         outside
 +----------------+          +------------------------+   +---------------+
 | nginx on :80 o-+----------+-o docker0         eth0 o---o  203.0.113.1  |
 +----------------+          |   172.17.0.1           |   |               |
  apart                      |         203.0.113.2    |   |               |
 +----------------+          |         docker-proxy   |   |               |
 | nginx on :80 o-+----------+-o br-…    on :8088     |   |               |
 +----------------+          +------------------------+   +---------------+
`

export default lab(
  {
    title: 'An engine that may not touch iptables: --iptables=false',
    document: '002_4055c2f40a7b121a',
    finds:
      'the guest gets no rule, and keeps those of the engine before; without them nobody is masqueraded, nothing is kept apart, and published ports live by the userland proxy',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const pub = look.in({ container: 'pub' })
    const outside = look.in({ netns: 'outside' })
    const nat = look.iptables({ table: 'nat' })
    const filter = look.iptables({ table: 'filter' })
    const masquerade = '-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'
    const address = { pub: '' }
    const dnat = () => `-t nat -A DOCKER ! -i docker0 -p tcp --dport 8088 -j DNAT --to-destination ${address.pub}:80`
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const addressOf = async (name: string, network = 'bridge') =>
      (await look.container(name))?.NetworkSettings.Networks[network]?.IPAddress ?? ''
    /** The rules and the chains that somebody has made. */
    const made = async () => (await $`iptables-save`).stdout.split('\n').filter(line => /^-A |^:\S+ - /.test(line))

    step('left alone the engine makes rules: for docker0, and for each port that is published', async () => {
      await $`docker run -d --name pub -p 8088:80 nginx:alpine`
      defer`docker rm -f pub`
      address.pub = await addressOf('pub')
      await expect(filter).to.have.policy('filter', 'FORWARD', 'DROP')
      await expect(nat).to.have.rule(masquerade)
      await expect(look.bridgeBehind('pub')).to.show('docker0')
      await expect(nat).to.have.rule(dnat())
      await expect(filter).to.have.rule(
        `-A DOCKER -d ${address.pub} ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT`,
      )
      await expect(nat).to.use(dnat(), {
        while: () =>
          expect(outside.http('http://203.0.113.2:8088')).to.show({
            status: 200,
            seenFrom: { address: '203.0.113.1' },
          }),
      })
    })

    step(
      'what is there stays when --iptables=false comes: the policy DROP, MASQUERADE; but a port gets no rule any more',
      async () => {
        await $`service docker stop`
        await expect(look.engine()).to.be.absent()
        defer(async () => {
          await $`service docker start`
          await expect(look.engine()).to.be.present()
        })
        await expect(filter).to.have.policy('filter', 'FORWARD', 'DROP')
        await $`echo 'DOCKER_OPTS="--iptables=false"' >> /etc/default/docker`
        // A function: a later step runs this command for other options.
        defer(() => $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`)
        await $`service docker start`
        defer(async () => {
          await $`service docker stop`.nothrow()
          // An engine sets it only when it is the one that switches forwarding on.
          await $`iptables -P FORWARD DROP`
        })
        await expect(look.engine()).to.be.present()
        await $`docker start pub`
        await expect(look.bridgeBehind('pub')).to.show('docker0')
        address.pub = await addressOf('pub')
        await expect(filter).to.have.policy('filter', 'FORWARD', 'DROP')
        await expect(nat).to.have.rule(masquerade)
        await expect(nat).not.to.have.rule(dnat())
        await $`docker rm -f pub`
        await expect(look.container('pub')).to.be.absent()
      },
    )

    step(
      'where nothing is there nothing comes: no chain, no rule, whatever is started',
      {
        covers: [
          'S002-58',
          differs(
            'S002-41',
            'the guest gets none; but a container on a network of one’s own gets those for its name server',
            { engine: '<28' },
          ),
          differs(
            'S002-41',
            'the guest gets none for IPv4; ip6tables has its chains all the same, and a container on a network of one’s own the rules for its name server',
            { engine: '>=28' },
          ),
        ],
        changed: [{ since: 28, of: 'IPv6', says: 'ip6tables gets the engine’s chains, also with --iptables=false' }],
      },
      async () => {
        const tables = (await major()) < 28 ? ['filter', 'nat'] : ['filter', 'nat', 'raw']
        await $`service docker stop`
        await expect(look.engine()).to.be.absent()
        await $`iptables -P FORWARD ACCEPT`
        await expect(filter).to.have.policy('filter', 'FORWARD', 'ACCEPT')
        for (const table of tables) {
          await $`iptables -t ${table} -F`
          await $`iptables -t ${table} -X`
        }
        expect(await made()).to.deep.equal([])
        await $`service docker start`
        await expect(look.engine()).to.be.present()
        await $`docker run -d --name pub -p 8088:80 nginx:alpine`
        defer`docker rm -f pub`
        await $`docker network create own`
        defer`docker network rm own`
        await $`docker run -d --name apart --net own nginx:alpine`
        defer`docker rm -f apart`
        await expect(look.bridgeBehind('pub')).to.show('docker0')
        await expect(look.container('pub')).to.show({
          NetworkSettings: { Ports: { '80/tcp': { HostPort: '8088' } } },
        })
        const own = await look.bridge('own')
        await expect(look.ports(own)).to.show([{ state: 'forwarding' }])
        address.pub = await addressOf('pub')
        expect(await made()).to.deep.equal([])
        await expect(filter).to.have.policy('filter', 'FORWARD', 'ACCEPT')

        await expect(look.in({ container: 'apart' }).iptables({ table: 'nat' })).to.have.rule(
          '-t nat -A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT',
        )
        const ofEngine = '-t filter -A FORWARD -j DOCKER-USER'
        const ip6tables = look.iptables({ family: 'inet6' })
        if ((await major()) >= 28) await expect(ip6tables).to.have.rule(ofEngine)
        else await expect(ip6tables).not.to.have.rule(ofEngine)
      },
    )

    step('a published port answers by the userland proxy alone, which hides who asks', async () => {
      await expect(look.sockets()).to.show({ protocol: 'tcp', port: 8088, process: 'docker-proxy' })
      for (const from of [look, outside]) {
        await expect(from.http('http://203.0.113.2:8088')).to.show({ status: 200, seenFrom: { address: '172.17.0.1' } })
      }
    })

    step('nobody masquerades: what a container sends out has its own address, and finds no way back', async () => {
      await expect(pub.ping('203.0.113.1')).not.to.answer({
        capture: act => look.capture('eth0', { while: act }),
        frame: { ip: { source: address.pub, destination: '203.0.113.1' }, icmp: { type: 'echo-request' } },
      })
      await $`iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE`
      defer`iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE`
      await expect(nat).to.have.rule(masquerade)
      await expect(pub.ping('203.0.113.1')).to.answer()
      await $`iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE`
      await expect(nat).not.to.have.rule(masquerade)
    })

    step('nothing is kept apart: the guest forwards for everybody, from outside and between networks', async () => {
      await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
      const apart = await addressOf('apart', 'own')
      const [subnet] = (await look.network('own'))?.IPAM?.Config ?? []
      await $`ip -n outside route add ${subnet?.Subnet ?? ''} via 203.0.113.2`
      defer`ip -n outside route del ${subnet?.Subnet ?? ''} via 203.0.113.2`
      await expect(outside.routes()).to.show({ destination: subnet?.Subnet, gateway: '203.0.113.2' })
      // It publishes nothing.
      await expect(outside.http(`http://${apart}`)).to.show({ status: 200, seenFrom: { address: '203.0.113.1' } })
      await expect(pub.http(`http://${apart}`)).to.show({ status: 200, seenFrom: { address: address.pub } })
      await $`docker rm -f pub apart`
      await $`docker network rm own`
      await expect(look.network('own')).to.be.absent()
    })

    step('together with --icc=false it is refused: what forbids is a rule', async () => {
      await $`service docker stop`
      await expect(look.engine()).to.be.absent()
      await $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`
      await $`echo 'DOCKER_OPTS="--icc=false --iptables=false"' >> /etc/default/docker`
      expect((await $`grep ^DOCKER_OPTS= /etc/default/docker`).stdout).to.equal(
        'DOCKER_OPTS="--icc=false --iptables=false"\n',
      )
      await $`service docker start`
      await expect(look.log('docker')).to.show(/You specified --iptables=false with --icc=false/)
      await expect(look.engine()).to.be.absent()
    })

    step('without the option the rules are back at the next start, except for the policy of FORWARD', async () => {
      await $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`
      expect((await $`grep ^DOCKER_OPTS= /etc/default/docker`.nothrow()).stdout).to.equal('')
      await $`service docker start`
      await expect(look.engine()).to.be.present()
      await expect(nat).to.have.rule(masquerade)
      await expect(filter).to.have.policy('filter', 'FORWARD', 'ACCEPT')
    })
  },
)
