import { lab } from '../harness/index.ts'

const topology = `
  outside              guest                                       web :80
 +---------------+    +-------------------------------------+     +------------+
 | 203.0.113.1   o----o eth0   raw, mangle, nat: DNAT       |  .--o 172.17.0.2 |
 | 203.0.113.5   |    | :8080   '--> FORWARD                |  |  +------------+
 +---------------+    | :8081          DOCKER-USER  docker0 o--+   other :80
                      |                the engine's         |  |  +------------+
                      +-------------------------------------+  '--o 172.17.0.3 |
                                                                  +------------+
`

export default lab(
  {
    title: 'Filtering published ports: DOCKER-USER',
    document: null,
    finds:
      'INPUT never sees them; DOCKER-USER does, after DNAT, so that the published port is known to conntrack only; its rules outlast engine and container, while rules in FORWARD slip behind the engine’s; up to engine 26 what is appended there is never reached',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const outside = look.in({ netns: 'outside' })
    const filter = look.iptables({ table: 'filter' })
    const byOrigin =
      '-t filter -A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP'
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const publishes = (name: string, port: number) =>
      expect(look.container(name)).to.show({ HostConfig: { PortBindings: { '80/tcp': { HostPort: `${port}` } } } })
    // By DNAT: the userland proxy would hide who asks.
    const request = (port: number) =>
      expect(outside.http(`http://203.0.113.2:${port}`)).to.show({ seenFrom: { address: '203.0.113.1' } })
    const asked = (port: number) => ({
      capture: (act: () => Promise<unknown>) => look.capture('eth0', { while: act }),
      frame: { ip: { source: '203.0.113.1' }, tcp: { destinationPort: port, flags: ['SYN'] } },
    })

    step('two containers publish their port 80, as 8080 and as 8081', async () => {
      await $`docker run -d --name web -p 8080:80 nginx:alpine`
      defer`docker rm -f web`
      await publishes('web', 8080)
      await $`docker run -d --name other -p 8081:80 nginx:alpine`
      defer`docker rm -f other`
      await publishes('other', 8081)
      await request(8080)
      await request(8081)
    })

    step('a rule in INPUT shuts no published port: outside’s requests do not come by there', async () => {
      const drop = '-t filter -A INPUT -p tcp --dport 8080 -j DROP'
      await $`iptables -I INPUT -p tcp --dport 8080 -j DROP`
      defer`iptables -D INPUT -p tcp --dport 8080 -j DROP`
      await expect(filter).to.have.rule(drop)
      await expect(filter).not.to.use(drop, { while: () => request(8080) })
      // It shuts out the guest itself, whom the userland proxy answers.
      await expect(filter).to.use(drop, { while: () => look.tcp('127.0.0.1', 8080, { timeoutS: 1 }).take() })
      await $`iptables -D INPUT -p tcp --dport 8080 -j DROP`
      await expect(filter).not.to.have.rule(drop)
      await expect(look.http('http://127.0.0.1:8080')).to.answer()
    })

    step('DOCKER-USER is the first that FORWARD asks', async () => {
      await expect(filter).to.have.rule('-t filter -A FORWARD -j DOCKER-USER', { position: 1 })
      await expect(filter).to.use('-t filter -A FORWARD -j DOCKER-USER', { while: () => request(8080) })
    })

    step('there the port is 80 already: 8080 matches nothing, and 80 matches both containers', async () => {
      const published = '-A DOCKER-USER -i eth0 -p tcp --dport 8080 -j DROP'
      const own = '-A DOCKER-USER -i eth0 -p tcp --dport 80 -j DROP'
      await $`iptables -I DOCKER-USER -i eth0 -p tcp --dport 8080 -j DROP`
      defer`iptables -D DOCKER-USER -i eth0 -p tcp --dport 8080 -j DROP`
      await expect(filter).to.have.rule(published, { position: 1 })
      await expect(filter).not.to.use(published, { while: () => request(8080) })
      await $`iptables -D DOCKER-USER -i eth0 -p tcp --dport 8080 -j DROP`
      await expect(filter).not.to.have.rule(published)
      await $`iptables -I DOCKER-USER -i eth0 -p tcp --dport 80 -j DROP`
      defer`iptables -D DOCKER-USER -i eth0 -p tcp --dport 80 -j DROP`
      await expect(filter).to.have.rule(own, { position: 1 })
      for (const port of [8080, 8081]) await expect(outside.tcp('203.0.113.2', port)).not.to.answer(asked(port))
      await $`iptables -D DOCKER-USER -i eth0 -p tcp --dport 80 -j DROP`
      await expect(filter).not.to.have.rule(own)
      for (const port of [8080, 8081]) await request(port)
    })

    step(
      'conntrack remembers the port that was asked: --ctorigdstport shuts this one alone, for outside alone',
      async () => {
        await $`iptables -I DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP`
        defer`iptables -D DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP`
        await expect(filter).to.have.rule(byOrigin, { position: 1 })
        await expect(filter).to.use(byOrigin, {
          while: () => expect(outside.tcp('203.0.113.2', 8080)).not.to.answer(asked(8080)),
        })
        await expect(filter).not.to.use(byOrigin, { while: () => request(8081) })
        // The guest's own requests are not forwarded.
        for (const host of ['127.0.0.1', '203.0.113.2']) await expect(look.http(`http://${host}:8080`)).to.answer()
        // And the container still reaches outside.
        await expect(look.in({ container: 'web' }).ping('203.0.113.1')).to.answer()
      },
    )

    step('an exception before it lets one source in', async () => {
      const exception = '-A DOCKER-USER -i eth0 -s 203.0.113.5 -p tcp -m conntrack --ctorigdstport 8080 -j RETURN'
      await $`ip -n outside addr add 203.0.113.5/24 dev lan0`
      defer`ip -n outside addr del 203.0.113.5/24 dev lan0`
      await expect(outside.link('lan0')).to.have.address('203.0.113.5/24')
      await $`iptables -I DOCKER-USER -i eth0 -s 203.0.113.5 -p tcp -m conntrack --ctorigdstport 8080 -j RETURN`
      defer`iptables -D DOCKER-USER -i eth0 -s 203.0.113.5 -p tcp -m conntrack --ctorigdstport 8080 -j RETURN`
      await expect(filter).to.have.ruleBefore(exception, byOrigin)
      await expect(outside.http('http://203.0.113.2:8080', { from: '203.0.113.5' })).to.show({
        seenFrom: { address: '203.0.113.5' },
      })
      await expect(outside.tcp('203.0.113.2', 8080)).not.to.answer(asked(8080))
      await $`iptables -D DOCKER-USER -i eth0 -s 203.0.113.5 -p tcp -m conntrack --ctorigdstport 8080 -j RETURN`
      await expect(filter).not.to.have.rule(exception)
    })

    step(
      'what is appended is reached since engine 28 only: before, the chain ends with RETURN',
      {
        changed: [
          {
            since: 28,
            of: 'forwarding and filtering',
            says: 'DOCKER-USER no longer ends with RETURN: a rule that is appended there is reached',
          },
        ],
      },
      async () => {
        const appended = '-t filter -A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8081 -j DROP'
        await $`iptables -A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8081 -j DROP`
        defer`iptables -D DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8081 -j DROP`
        await expect(filter).to.have.ruleBefore(byOrigin, appended)
        if ((await major()) >= 28) {
          await expect(filter).not.to.have.rule('-t filter -A DOCKER-USER -j RETURN')
          await expect(outside.tcp('203.0.113.2', 8081)).not.to.answer(asked(8081))
        } else {
          await expect(filter).to.have.ruleBefore('-t filter -A DOCKER-USER -j RETURN', appended)
          await expect(filter).not.to.use(appended, { while: () => request(8081) })
        }
        await $`iptables -D DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8081 -j DROP`
        await expect(filter).not.to.have.rule(appended)
        await request(8081)
      },
    )

    step(
      'a rule at the head of FORWARD slips behind: with a new network up to engine 26, with a restart on all',
      {
        changed: [
          {
            since: 28,
            of: 'forwarding and filtering',
            says: 'A rule of one’s own at the head of FORWARD stays there when a network is made; before, the engine put its own before it again',
          },
        ],
      },
      async () => {
        const own = '-t filter -A FORWARD -i eth0 -o docker0 -j DROP'
        await $`iptables -I FORWARD -i eth0 -o docker0 -j DROP`
        defer`iptables -D FORWARD -i eth0 -o docker0 -j DROP`
        await expect(filter).to.have.ruleBefore(own, '-t filter -A FORWARD -j DOCKER-USER')
        await expect(outside.tcp('203.0.113.2', 8081)).not.to.answer(asked(8081))
        await $`docker network create later`
        defer`docker network rm later`
        await expect(look.network('later')).to.be.present()
        if ((await major()) < 28) {
          await expect(filter).to.have.ruleBefore('-t filter -A FORWARD -j DOCKER-USER', own)
          await $`iptables -D FORWARD -i eth0 -o docker0 -j DROP`
          await $`iptables -I FORWARD -i eth0 -o docker0 -j DROP`
          defer`iptables -D FORWARD -i eth0 -o docker0 -j DROP`
        }
        await expect(filter).to.have.ruleBefore(own, '-t filter -A FORWARD -j DOCKER-USER')
        await $`docker rm -f other`
        await $`docker rm -f web`
        for (const name of ['other', 'web']) await expect(look.container(name)).to.be.absent()
        await $`service docker restart`
        await expect(look.engine()).to.be.present()
        await expect(filter).to.have.rule('-t filter -A FORWARD -j DOCKER-USER', { position: 1 })
        await $`docker run -d --name other -p 8081:80 nginx:alpine`
        defer`docker rm -f other`
        await publishes('other', 8081)
        // What comes before it has let the request through.
        await expect(filter).not.to.use(own, { while: () => request(8081) })
        await $`iptables -D FORWARD -i eth0 -o docker0 -j DROP`
        await expect(filter).not.to.have.rule(own)
      },
    )

    step(
      'the rule in DOCKER-USER has outlasted the engine, and shuts the port of the next container, too',
      async () => {
        await expect(filter).to.have.rule(byOrigin, { position: 1 })
        await $`docker run -d --name web -p 8080:80 nginx:alpine`
        defer`docker rm -f web`
        await publishes('web', 8080)
        await expect(look.http('http://127.0.0.1:8080')).to.answer()
        await expect(filter).to.use(byOrigin, {
          while: () => expect(outside.tcp('203.0.113.2', 8080)).not.to.answer(asked(8080)),
        })
        await $`iptables -D DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP`
        await expect(filter).not.to.have.rule(byOrigin)
        await request(8080)
      },
    )
  },
)
