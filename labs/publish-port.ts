import { differs, holds, isFalse, lab } from '../harness/index.ts'

const topology = `
  outside                guest                                     container test
 +-----------------+    +-------------------------------------+   +----------------+
 |                 |    |                                     |   |                |
 |   203.0.113.1   o----o eth0               docker0          |   | nginx on :80   |
 |                 |    | 203.0.113.2:8088   172.17.0.1    o--+---+-o eth0         |
 |                 |    |        '---- DNAT --->             |   |   172.17.0.2   |
 +-----------------+    +-------------------------------------+   +----------------+
`

export default lab(
  {
    title: 'What a published port is made of',
    document: '000_c642ad2eea6dd55a',
    finds:
      'a published port is forwarded, not put in; on localhost a proxy answers; replies never pass MASQUERADE; the rule for a container that asks itself is gone since engine 28',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer, fixture }) => {
    const outside = look.in({ netns: 'outside' })
    const test = { address: '' }
    const masquerade = '-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'
    const toDocker = '-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER'
    const dnat = () => `-t nat -A DOCKER ! -i docker0 -p tcp --dport 8088 -j DNAT --to-destination ${test.address}:80`
    const nat = look.iptables({ table: 'nat' })
    const mangle = look.iptables({ table: 'mangle' })

    step('a container whose port 80 is published as 8088 answers on localhost', { covers: ['S000-19'] }, async () => {
      await $`docker run --name test -d -p 8088:80 nginx:alpine`
      defer`docker rm -f test`
      await expect(look.ports('docker0')).to.show([{}])
      const found = await look.container('test')
      test.address = found?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
      // nginx takes a moment to listen, which the document's reader does not notice.
      await expect(look.http('http://localhost:8088')).to.answer()
      const { stdout } = await $`curl localhost:8088`
      await expect(stdout).to.print('Welcome to nginx!')
    })

    step('its rules stand in the nat table', { covers: ['S000-20', 'S000-21', 'S000-23'] }, async () => {
      const { stdout } = await $`iptables -t nat -nvL PREROUTING`
      await expect(stdout).to.print(/DOCKER .* ADDRTYPE match dst-type LOCAL/)
      await expect(nat).to.have.rule(toDocker)
      await expect(nat).to.have.rule(dnat())
    })

    step('the local routing table says which destinations are local', { covers: ['S000-22'] }, async () => {
      await $`ip route show table local type local`
      for (const destination of ['127.0.0.0/8', '127.0.0.1', '172.17.0.1', '203.0.113.2']) {
        await expect(look.routes({ table: 'local' })).to.show({ type: 'local', destination })
      }
      // What is not in it isn't handed to chain DOCKER: the packet passes through the guest and the rule does not count it.
      await $`ip -n outside addr add 203.0.113.5/24 dev lan0`
      defer`ip -n outside addr del 203.0.113.5/24 dev lan0`
      await expect(outside.link('lan0')).to.have.address('203.0.113.5/24')
      await expect(nat).not.to.use(toDocker, { while: () => $`docker exec test ping -c 1 -W 1 203.0.113.5` })
      await expect(nat).to.use(toDocker, { while: () => $`ip netns exec outside curl -s -m 3 203.0.113.2:8088` })
    })

    step('from outside the published port answers, and the server sees who asks', { covers: ['S000-24'] }, async () => {
      await $`ip netns exec outside curl -s -m 3 203.0.113.2:8088`.nothrow()
      await expect(outside.http('http://203.0.113.2:8088')).to.answer()
      await expect(outside.http('http://203.0.113.2:8088')).to.show({
        status: 200,
        seenFrom: { address: '203.0.113.1' },
      })
    })

    step('DNAT rewrites the destination, once for each connection', { covers: ['S000-23'] }, async () => {
      const request = () => $`ip netns exec outside curl -s 203.0.113.2:8088`
      await expect(nat).to.use(dnat(), { times: 1, while: request })
      const frames = await look.capture(['eth0', 'docker0'], { filter: 'tcp', while: request })
      await expect(frames).to.have.rewrite({
        from: {
          at: 'eth0',
          ip: { source: '203.0.113.1', destination: '203.0.113.2', ttl: 64 },
          tcp: { destinationPort: 8088, flags: ['SYN'] },
        },
        to: {
          at: 'docker0',
          ip: { source: '203.0.113.1', destination: test.address, ttl: 63 },
          tcp: { destinationPort: 80, flags: ['SYN'] },
        },
      })
      await expect(look.conntrack({ filter: ['-p', 'tcp', '-s', '203.0.113.1', '--dport', '8088'] })).to.show({
        original: { source: '203.0.113.1', destination: '203.0.113.2', destinationPort: 8088 },
        reply: { source: test.address, sourcePort: 80, destination: '203.0.113.1' },
      })
    })

    step(
      'such a request is forwarded; INPUT never sees it',
      {
        covers: [
          isFalse(
            'S000-20',
            'it passes PREROUTING and FORWARD; only on localhost INPUT, where the userland proxy answers',
          ),
        ],
      },
      async () => {
        // Rules without a target only count.
        await $`iptables -t mangle -A INPUT -p tcp --dport 8088`
        defer`iptables -t mangle -D INPUT -p tcp --dport 8088`
        await $`iptables -t mangle -A FORWARD -p tcp --dport 80`
        defer`iptables -t mangle -D FORWARD -p tcp --dport 80`
        await expect(mangle).to.use('-t mangle -A FORWARD -p tcp --dport 80', {
          while: () =>
            expect(mangle).not.to.use('-t mangle -A INPUT -p tcp --dport 8088', {
              while: () => $`ip netns exec outside curl -s 203.0.113.2:8088`,
            }),
        })
      },
    )

    step('only on localhost does it enter the guest: the userland proxy answers', { covers: ['S000-20'] }, async () => {
      await expect(look.sockets()).to.show({ protocol: 'tcp', port: 8088, process: 'docker-proxy' })
      // By name localhost may be ::1, of which iptables knows nothing.
      await expect(mangle).to.use('-t mangle -A INPUT -p tcp --dport 8088', {
        while: () => expect(nat).not.to.use(dnat(), { while: () => $`curl -s 127.0.0.1:8088` }),
      })
      // The proxy asks from the guest's own end of docker0.
      await expect(look.http('http://127.0.0.1:8088')).to.show({ seenFrom: { address: '172.17.0.1' } })
    })

    step("the guest's request to its own address is rewritten too, in OUTPUT", { covers: ['S000-20'] }, async () => {
      await expect(nat).to.have.rule('-t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER')
      await expect(nat).to.use(dnat(), { times: 1, while: () => $`curl -s 203.0.113.2:8088` })
      await expect(look.http('http://203.0.113.2:8088')).to.show({ seenFrom: { address: '203.0.113.2' } })
    })

    step(
      'POSTROUTING masquerades what leaves 172.17.0.0/16 by another link',
      { covers: ['S000-25', 'S000-26'] },
      async () => {
        const { stdout } = await $`iptables -t nat -nvL POSTROUTING`
        await expect(stdout).to.print(/MASQUERADE .* !docker0 +172\.17\.0\.0\/16 +0\.0\.0\.0\/0/)
        await expect(nat).to.have.rule(masquerade)
        const ping = () => $`docker exec test ping -c 1 114.114.114.114`
        await expect(nat).to.use(masquerade, { times: 1, while: ping })
        const frames = await look.capture(['docker0', 'eth0'], { filter: 'icmp', while: ping })
        await expect(frames).to.have.rewrite({
          from: { at: 'docker0', ip: { source: test.address }, icmp: { type: 'echo-request' } },
          to: { at: 'eth0', ip: { source: '203.0.113.2' }, icmp: { type: 'echo-request' } },
        })
      },
    )

    step('what stays on docker0 keeps its source', { covers: ['S000-26'] }, async () => {
      const neighbour = await fixture.webServer('neighbour')
      defer`docker rm -f neighbour`
      const asked = look.in({ container: 'test' }).http(`http://${neighbour.addresses.bridge}`)
      await expect(asked).to.show({ seenFrom: { address: test.address } })
      await expect(nat).not.to.use(masquerade, {
        while: () => $`docker exec test curl -s ${neighbour.addresses.bridge}`,
      })
    })

    step(
      'a second rule, for a container that asks itself, is there up to engine 26 and never used',
      {
        covers: [
          holds('S000-25', { engine: '<28' }),
          differs('S000-25', 'the second rule is gone', { engine: '>=28' }),
        ],
        changed: [
          {
            since: 28,
            of: 'published ports',
            says: 'The rule that would masquerade a container which asks for its own published port is gone',
          },
        ],
      },
      async () => {
        const version = await $`docker version -f '{{.Server.Version}}'`
        const toItself = `-t nat -A POSTROUTING -s ${test.address}/32 -d ${test.address}/32 -p tcp --dport 80 -j MASQUERADE`
        const ask = () => $`docker exec test curl -s 203.0.113.2:8088`
        if (Number.parseInt(version.stdout, 10) >= 28) {
          await expect(nat).not.to.have.rule(toItself)
        } else {
          await expect(nat).to.have.ruleBefore(masquerade, toItself)
          await expect(nat).not.to.use(toItself, { while: ask })
        }
        // It is the userland proxy that answers a container which asks for its own published port.
        await ask()
        const asked = look.in({ container: 'test' }).http('http://203.0.113.2:8088')
        await expect(asked).to.show({ seenFrom: { address: '172.17.0.1' } })
      },
    )

    step(
      'replies do not pass MASQUERADE: conntrack undoes the DNAT',
      { covers: [isFalse('S000-27', 'a reply passes no rule of the nat table: conntrack undoes the DNAT')] },
      async () => {
        const request = () => $`ip netns exec outside curl -s -m 3 203.0.113.2:8088`
        await expect(nat).not.to.use(masquerade, { while: () => expect(nat).to.use(dnat(), { while: request }) })
        // Even without the rule the reply leaves from 203.0.113.2:8088.
        await $`iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE`
        defer`iptables -t nat -I POSTROUTING 1 -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE`
        await expect(nat).not.to.have.rule(masquerade)
        const frames = await look.capture(['docker0', 'eth0'], { filter: 'tcp', while: request })
        await expect(frames).to.have.rewrite({
          from: { at: 'docker0', ip: { source: test.address }, tcp: { sourcePort: 80, flags: ['SYN', 'ACK'] } },
          to: { at: 'eth0', ip: { source: '203.0.113.2' }, tcp: { sourcePort: 8088, flags: ['SYN', 'ACK'] } },
        })
      },
    )
  },
)
