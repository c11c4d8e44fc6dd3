import { differs, holds, isFalse, lab } from '../harness/index.ts'

const topology = `
  one (later web)             guest                        outside
 +----------------+          +------------------------+   +---------------+
 | eth0         o-+----------+-o veth                 |   |               |
 |                |          |   |   docker0     eth0 o---o  203.0.113.1  |
 +----------------+          |   X   172.17.0.1       |   |               |
  two (later db)             |   |      203.0.113.2   |   +---------------+
 +----------------+          |   |                    |
 | eth0         o-+----------+-o veth                 |
 +----------------+          +------------------------+
`

export default lab(
  {
    title: 'Containers that may not talk to each other: --icc=false, and what links let through',
    document: '002_4055c2f40a7b121a',
    finds:
      'iptables decides only while bridge-nf-call-iptables is 1; published ports, ARP and whoever sends from a linked port pass all the same; links have rules with --icc=false alone',
    topology,
    engine: true,
    needs: { kernel: ['br_netfilter'] },
  },
  ({ $, look, expect, step, defer }) => {
    const one = look.in({ container: 'one' })
    const two = look.in({ container: 'two' })
    const db = look.in({ container: 'db' })
    const web = look.in({ container: 'web' })
    const outside = look.in({ netns: 'outside' })
    const filter = look.iptables({ table: 'filter' })
    const addresses = { one: '', two: '', web: '', db: '' }
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''

    /** The engine's rule for what goes from one port of docker0 to another. */
    const between = async (icc: boolean) => {
      if (!icc) return `-A ${(await major()) < 28 ? 'FORWARD' : 'DOCKER-FORWARD'} -i docker0 -o docker0 -j DROP`
      return (await major()) < 28
        ? '-A FORWARD -i docker0 -o docker0 -j ACCEPT'
        : '-A DOCKER-FORWARD -i docker0 -j ACCEPT'
    }
    const toPort = (address: string, port: number) =>
      `-A DOCKER -d ${address}/32 ! -i docker0 -o docker0 -p tcp --dport ${port} -j ACCEPT`
    const linked = (from: string, to: string, port: string) =>
      `-A DOCKER -s ${from}/32 -d ${to}/32 -i docker0 -o docker0 -p tcp ${port} -j ACCEPT`

    /** Proof that a container has sent what nobody answers. */
    const sentBy = (container: string, frame: object) => ({
      capture: (act: () => Promise<unknown>) => look.capture({ on: 'eth0', in: { container } }, { while: act }),
      frame,
    })
    const echoTo = (destination: string) => ({ ip: { destination }, icmp: { type: 'echo-request' } })
    const synTo = (destination: string, destinationPort: number) => ({
      ip: { destination },
      tcp: { destinationPort, flags: ['SYN'] },
    })

    step(
      'without a word containers are ports of docker0, and reach each other both ways',
      { covers: ['S002-56', 'S002-59', 'S002-39'] },
      async () => {
        await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('1')
        for (const name of ['one', 'two'] as const) {
          await $`docker run -d --name ${name} nginx:alpine`
          defer`docker rm -f ${name}`
          addresses[name] = await addressOf(name)
        }
        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }, { state: 'forwarding' }])
        await expect(filter).to.have.rule(await between(true))
        await expect(look.network('bridge')).to.show({
          Options: { 'com.docker.network.bridge.enable_icc': 'true' },
        })
        await expect(one.ping(addresses.two)).to.answer()
        await expect(two.ping(addresses.one)).to.answer()
        await expect(one.http(`http://${addresses.two}`)).to.answer()
        await expect(two.http(`http://${addresses.one}`)).to.answer()
        for (const container of [one, two]) await expect(container.ping('203.0.113.1')).to.answer()
      },
    )

    step(
      'one whose cable to docker0 is pulled is asked for in vain, with no rule changed',
      { covers: ['S002-56'] },
      async () => {
        await $`docker network disconnect bridge two`
        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }])
        // Else it is sent to the MAC that is still known.
        await $`nsenter -t ${(await look.container('one'))?.State.Pid ?? 0} -n ip neigh flush dev eth0`
        await expect(one.neighbours('eth0')).not.to.show({ address: addresses.two, mac: /./ })
        await expect(one.ping(addresses.two)).not.to.answer(
          sentBy('one', { arp: { operation: 'request', target: { ip: addresses.two } } }),
        )
        await $`docker rm -f two`
        await $`docker run -d --name two nginx:alpine`
        addresses.two = await addressOf('two')
        await expect(look.bridgeBehind('two')).to.show('docker0')
        await expect(one.ping(addresses.two)).to.answer()
      },
    )

    step(
      'a rule of iptables is enough to cut them off, but it is asked only while bridged frames are shown to it',
      {
        covers: [
          'S002-52',
          differs(
            'S002-57',
            'only while net.bridge.bridge-nf-call-iptables is 1; else docker0 switches what iptables would drop',
          ),
        ],
      },
      async () => {
        const drop = '-A DOCKER-USER -i docker0 -o docker0 -j DROP'
        await $`iptables -I DOCKER-USER -i docker0 -o docker0 -j DROP`
        defer`iptables -D DOCKER-USER -i docker0 -o docker0 -j DROP`
        await expect(filter).to.have.rule(drop, { position: 1 })
        await expect(filter).to.have.rule('-A FORWARD -j DOCKER-USER', { position: 1 })
        const cut = async (from: typeof one, container: string, to: string) => {
          await expect(filter).to.use(drop, {
            while: () => expect(from.ping(to)).not.to.answer(sentBy(container, echoTo(to))),
          })
        }
        await cut(one, 'one', addresses.two)
        await cut(two, 'two', addresses.one)

        await $`sysctl -w net.bridge.bridge-nf-call-iptables=0`
        defer`sysctl -w net.bridge.bridge-nf-call-iptables=1`
        await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('0')
        await expect(filter).not.to.use(drop, { while: () => expect(one.ping(addresses.two)).to.answer() })
        await expect(two.http(`http://${addresses.one}`)).to.answer()
        await $`sysctl -w net.bridge.bridge-nf-call-iptables=1`
        await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('1')

        await $`iptables -D DOCKER-USER -i docker0 -o docker0 -j DROP`
        await expect(filter).not.to.have.rule(drop)
        await expect(one.ping(addresses.two)).to.answer()
      },
    )

    step(
      'what lets them talk is a rule of the engine; the policy of FORWARD is DROP',
      {
        covers: [
          holds('S002-58', { engine: '<28' }),
          differs('S002-58', 'FORWARD calls DOCKER-FORWARD, which accepts all that comes from docker0', {
            engine: '>=28',
          }),
        ],
        changed: [
          {
            since: 28,
            of: 'forwarding and filtering',
            says: 'FORWARD has no rules for each bridge any more: it calls DOCKER-FORWARD, where one rule accepts all that comes from docker0, and with --icc=false another drops what is for docker0 as well',
          },
        ],
      },
      async () => {
        await expect(filter).to.have.policy('filter', 'FORWARD', 'DROP')
        await expect(filter).to.use(await between(true), { while: () => expect(one.ping(addresses.two)).to.answer() })
        await expect(filter).not.to.have.rule(await between(false))
        if ((await major()) >= 28) await expect(filter).to.have.rule('-A FORWARD -j DOCKER-FORWARD')
        await $`docker rm -f one two`
        await expect(look.ports('docker0')).to.show([])
      },
    )

    step(
      'under default parameters a link has no rule: of the three that are shown, only the published port’s is there',
      {
        covers: [
          isFalse(
            'S002-61',
            'the two rules of the link come with --icc=false; and 172.17.0.1 is docker0, no container has it',
          ),
        ],
      },
      async () => {
        await $`docker run -dti --name db training/postgres /bin/bash`
        defer`docker rm -f db`
        await $`docker run -dti -P --name web --link db:db training/webapp python app.py`
        defer`docker rm -f web`
        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }, { state: 'forwarding' }])
        const { stdout } = await $`docker ps`
        const [, published] = /0\.0\.0\.0:(\d+)->5000\/tcp.* web$/m.exec(stdout) ?? []
        expect(Number(published)).to.be.within(32768, 60999)
        await expect(stdout).to.print(/ 5432\/tcp +db(,web\/db)?$/m)
        addresses.web = await addressOf('web')
        addresses.db = await addressOf('db')
        for (const name of ['web', 'db'] as const) {
          const { stdout } = await $`docker exec ${name} ip address show | grep inet | grep eth0`
          await expect(stdout).to.print(`inet ${addresses[name]}/16 `)
          expect(addresses[name]).not.to.equal('172.17.0.1')
        }
        await expect(look.link('docker0')).to.have.address('172.17.0.1/16')
        const printed = await $`iptables -nL`
        await expect(printed.stdout).to.print(
          new RegExp(`^ACCEPT .* 0\\.0\\.0\\.0/0 +${addresses.web} +tcp dpt:5000$`, 'm'),
        )
        await expect(filter).to.use(toPort(addresses.web, 5000), {
          while: () => expect(outside.http(`http://203.0.113.2:${published}`)).to.answer(),
        })
        await expect(filter).not.to.have.rule(linked(addresses.web, addresses.db, '--dport 5432'))
        await expect(filter).not.to.have.rule(linked(addresses.db, addresses.web, '--sport 5432'))
        // They need none: everything is let through.
        await expect(web.ping(addresses.db)).to.answer()
        await $`docker rm -f web`
        await $`docker rm -f db`
        await expect(look.ports('docker0')).to.show([])
      },
    )

    step(
      'DOCKER_OPTS=--icc=false forbids it: the rule drops, in both directions, whatever is asked',
      {
        covers: [
          'S002-59',
          'S002-39',
          holds('S002-58', { engine: '<28' }),
          differs('S002-58', 'DROP stands in DOCKER-FORWARD, before an ACCEPT for what leaves docker0', {
            engine: '>=28',
          }),
        ],
        changed: [
          {
            since: 28,
            of: 'forwarding and filtering',
            says: 'FORWARD has no rules for each bridge any more: it calls DOCKER-FORWARD, where one rule accepts all that comes from docker0, and with --icc=false another drops what is for docker0 as well',
          },
        ],
      },
      async () => {
        await $`service docker stop`
        await expect(look.engine()).to.be.absent()
        defer(async () => {
          await $`service docker start`
          await expect(look.engine()).to.be.present()
        })
        await $`echo 'DOCKER_OPTS=--icc=false' >> /etc/default/docker`
        // A function: later steps run this command for other options.
        defer(() => $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`)
        await $`service docker start`
        defer(() => $`service docker stop`)
        await expect(look.engine()).to.be.present()

        for (const name of ['one', 'two'] as const) {
          await $`docker run -d --name ${name} nginx:alpine`
          defer`docker rm -f ${name}`
          addresses[name] = await addressOf(name)
          await expect(look.bridgeBehind(name)).to.show('docker0')
        }
        await expect(filter).to.have.policy('filter', 'FORWARD', 'DROP')
        // The opposite rule, which the engine before has left, is gone.
        await expect(filter).not.to.have.rule(await between(true))
        const drop = await between(false)
        await expect(filter).to.have.rule(drop)
        for (const [container, from, to] of [
          ['one', one, addresses.two],
          ['two', two, addresses.one],
        ] as const) {
          await expect(filter).to.use(drop, {
            while: () => expect(from.ping(to)).not.to.answer(sentBy(container, echoTo(to))),
          })
          await expect(filter).to.use(drop, {
            while: () => expect(from.tcp(to, 80, { timeoutS: 1 })).not.to.answer(sentBy(container, synTo(to, 80))),
          })
        }
      },
    )

    step('guest and outside are as near as before, and so are containers on a network of their own', async () => {
      await expect(look.http(`http://${addresses.one}`)).to.answer()
      await expect(one.ping('172.17.0.1')).to.answer()
      await expect(one.ping('203.0.113.1')).to.answer()
      await $`docker network create own`
      defer`docker network rm own`
      for (const name of ['own1', 'own2']) {
        await $`docker run -d --name ${name} --net own nginx:alpine`
        defer`docker rm -f ${name}`
      }
      const own = await look.bridge('own')
      await expect(look.ports(own)).to.show([{ state: 'forwarding' }, { state: 'forwarding' }])
      const asked = await $`docker exec own1 ping -c 1 -W 1 own2`
      await expect(asked.stdout).to.print(' 0% packet loss')
      await expect(look.in({ container: 'own1' }).ping('203.0.113.1')).to.answer()
      await $`docker rm -f own1 own2`
      await $`docker network rm own`
      await expect(look.network('own')).to.be.absent()
    })

    step('they find each other’s MAC all the same: ARP is no matter of iptables', async () => {
      const mac = (await two.link('eth0'))?.mac ?? ''
      const frames = await look.capture(
        { on: 'eth0', in: { container: 'one' }, as: 'one' },
        { while: () => $`docker exec one ping -c 1 -W 1 ${addresses.two}`.nothrow() },
      )
      await expect(frames).to.have.frame({ ...echoTo(addresses.two), ethernet: { destination: mac } })
    })

    step(
      'a published port is a way around, on every address of the guest: the userland proxy asks in its place',
      async () => {
        await $`docker run -d --name pub -p 8088:80 nginx:alpine`
        defer`docker rm -f pub`
        const pub = await addressOf('pub')
        await expect(look.bridgeBehind('pub')).to.show('docker0')
        await expect(look.iptables()).to.have.rule(
          `-t nat -A DOCKER ! -i docker0 -p tcp --dport 8088 -j DNAT --to-destination ${pub}:80`,
        )
        await expect(one.tcp(pub, 80, { timeoutS: 1 })).not.to.answer(sentBy('one', synTo(pub, 80)))
        for (const address of ['172.17.0.1', '203.0.113.2']) {
          await expect(one.http(`http://${address}:8088`)).to.show({ status: 200, seenFrom: { address: '172.17.0.1' } })
        }
      },
    )

    step(
      'up to engine 26 a port that is published is open to the LAN by the container’s own address; engine 28 drops it before it is routed',
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
        const pub = await addressOf('pub')
        await $`ip -n outside route add 172.17.0.0/16 via 203.0.113.2`
        defer`ip -n outside route del 172.17.0.0/16 via 203.0.113.2`
        await expect(outside.routes()).to.show({ destination: '172.17.0.0/16', gateway: '203.0.113.2' })
        const direct = () => outside.tcp(pub, 80, { timeoutS: 1 })
        const passing = {
          capture: (act: () => Promise<unknown>) => look.capture('eth0', { while: act }),
          frame: synTo(pub, 80),
        }
        if ((await major()) < 28) {
          await expect(filter).to.have.rule(toPort(pub, 80))
          await expect(filter).to.use(toPort(pub, 80), { while: () => expect(direct()).to.answer() })
        } else {
          await expect(look.iptables({ table: 'raw' })).to.use(
            `-t raw -A PREROUTING -d ${pub}/32 ! -i docker0 -j DROP`,
            {
              while: () => expect(direct()).not.to.answer(passing),
            },
          )
        }
        // One that publishes nothing is not.
        await expect(outside.tcp(addresses.one, 80, { timeoutS: 1 })).not.to.answer({
          ...passing,
          frame: synTo(addresses.one, 80),
        })
        await $`docker rm -f pub`
        await expect(look.container('pub')).to.be.absent()
      },
    )

    step('with bridge-nf-call-iptables=0 nothing is left of it', async () => {
      await $`sysctl -w net.bridge.bridge-nf-call-iptables=0`
      await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('0')
      await expect(filter).not.to.use(await between(false), {
        while: async () => {
          await expect(one.ping(addresses.two)).to.answer()
          await expect(two.http(`http://${addresses.one}`)).to.answer()
        },
      })
      await $`docker rm -f one two`
      await expect(look.ports('docker0')).to.show([])
    })

    step('an engine that starts with --icc=false sets it to 1 again', async () => {
      await $`service docker stop`
      await expect(look.engine()).to.be.absent()
      await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('0')
      await $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`
      await $`echo 'DOCKER_OPTS="--icc=false --iptables=true"' >> /etc/default/docker`
      expect((await $`grep ^DOCKER_OPTS= /etc/default/docker`).stdout).to.equal(
        'DOCKER_OPTS="--icc=false --iptables=true"\n',
      )
      await $`service docker start`
      await expect(look.engine()).to.be.present()
      await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('1')
    })

    step(
      'a link opens the exposed port of the linked container, and nothing else',
      {
        covers: ['S002-60', differs('S002-61', 'these are the rules with --icc=false, and the addresses are others')],
      },
      async () => {
        await $`docker run -dti --name db training/postgres /bin/bash`
        defer`docker rm -f db`
        await $`docker run -dti -P --name web --link db:db training/webapp python app.py`
        defer`docker rm -f web`
        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }, { state: 'forwarding' }])
        addresses.web = await addressOf('web')
        addresses.db = await addressOf('db')
        const printed = await $`iptables -nL`
        const line = (source: string, destination: string, port: string) =>
          new RegExp(`^ACCEPT +(tcp|6) +-- +${source.replaceAll('.', '\\.')} +${destination} +tcp ${port}$`, 'm')
        await expect(printed.stdout).to.print(line('0.0.0.0/0', addresses.web, 'dpt:5000'))
        await expect(printed.stdout).to.print(line(addresses.web, addresses.db, 'dpt:5432'))
        await expect(printed.stdout).to.print(line(addresses.db, addresses.web, 'spt:5432'))

        // The document's db runs a shell: somebody has to listen.
        await $`docker exec db sh -c ${'sed s/5000/5432/ /opt/webapp/nginx.conf > /tmp/db.conf; nginx -c /tmp/db.conf'}`
        await expect(filter).to.use(linked(addresses.web, addresses.db, '--dport 5432'), {
          while: () =>
            expect(web.http(`http://${addresses.db}:5432`)).to.show({ seenFrom: { address: addresses.web } }),
        })
        await expect(web.ping(addresses.db)).not.to.answer(sentBy('web', echoTo(addresses.db)))
        await expect(web.tcp(addresses.db, 80, { timeoutS: 1 })).not.to.answer(sentBy('web', synTo(addresses.db, 80)))
        await expect(db.tcp(addresses.web, 5000, { timeoutS: 1 })).not.to.answer(
          sentBy('db', synTo(addresses.web, 5000)),
        )
        // A container that is not linked finds it closed.
        await $`docker run -d --name one nginx:alpine`
        await expect(look.bridgeBehind('one')).to.show('docker0')
        await expect(one.tcp(addresses.db, 5432, { timeoutS: 1 })).not.to.answer(
          sentBy('one', synTo(addresses.db, 5432)),
        )
        await $`docker rm -f one`
        await expect(look.container('one')).to.be.absent()
      },
    )

    step('the rule for the answers lets more through: from port 5432 db reaches every port of web', async () => {
      await $`docker exec db nginx -c /tmp/db.conf -s stop`
      await expect(look.in({ container: 'db' }).sockets()).not.to.show({ port: 5432 })
      await expect(filter).to.use(linked(addresses.db, addresses.web, '--sport 5432'), {
        while: async () => {
          const { stdout } = await $`docker exec db curl -s -m 3 --local-port 5432 ${addresses.web}:5000/whoami`
          expect(stdout).to.equal(`${addresses.db}:5432\n`)
        },
      })
    })

    step('they outlive a linked container that is removed first, and serve whoever gets its address', async () => {
      await $`docker rm -f db`
      await $`docker rm -f web`
      const there = linked(addresses.web, addresses.db, '--dport 5432')
      await expect(filter).to.have.rule(there)
      for (const name of ['one', 'two'] as const) {
        await $`docker run -d --name ${name} nginx:alpine`
        defer`docker rm -f ${name}`
        await expect(look.bridgeBehind(name)).to.show('docker0')
      }
      expect([await addressOf('one'), await addressOf('two')]).to.deep.equal([addresses.db, addresses.web])
      await expect(filter).to.use(there, {
        while: () => expect(two.tcp(addresses.db, 5432)).to.show({ error: 'Connection refused' }),
      })
      await $`docker rm -f one two`
      await expect(look.ports('docker0')).to.show([])
      // The next start of the engine takes them away.
      await $`service docker restart`
      await expect(look.engine()).to.be.present()
      await expect(filter).not.to.have.rule(there)
    })
  },
)
