import { differs, isFalse, lab } from '../harness/index.ts'

const topology = `
  outside                 guest                                containers
 +---------------+       +----------------------------+       +-----------------+
 | 203.0.113.1   o-------o eth0  203.0.113.2:…        |   .---o eth0 :5000, :80 |
 +---------------+       |                  docker0 o-+---'   +-----------------+
  dmz                    |                 172.17.0.1 |        on another network
 +---------------+       |                            |       +-----------------+
 | 198.51.100.1  o-------o dmz0  198.51.100.2:…  br-… o-------o eth0 (asks)     |
 +---------------+       +----------------------------+       +-----------------+
`

export default lab(
  {
    title: 'Every form of -p and -P',
    document: '002_4055c2f40a7b121a',
    finds:
      '-P counts up from 32768, and nothing about it is random; a port is taken per address and protocol; an address in -p is no interface; the engine’s own bridges are spared the DNAT, the proxy answers there',
    topology,
    engine: true,
    unseen: [
      {
        mutation: /^5000 → 5001.* in docker run .* -p 5000:5000:5000 /,
        because: 'what stands first is no address, and that is refused whatever the numbers are',
      },
      {
        mutation: /^\d+ → \d+.* in docker run --rm -p eth0:8001:80 /,
        because: 'a link is no address, and that is refused before the ports are read',
      },
    ],
  },
  ({ $, look, expect, step, defer }) => {
    const outside = look.in({ netns: 'outside' })
    const dmz = look.in({ netns: 'dmz' })
    const nat = look.iptables({ table: 'nat' })
    const published = { first: '', port: 0 }
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
    const pidOf = async (name: string) => (await look.container(name))?.State.Pid ?? 0
    const dnat = (port: number, to: string) =>
      `-t nat -A DOCKER ! -i docker0 -p tcp --dport ${port} -j DNAT --to-destination ${to}`
    /** A port of the guest is a container's on docker0: rewritten unless docker0 is where it comes from, and let through. */
    const open = async (name: string, { port = 0, to = 0, on = '0.0.0.0', protocol = 'tcp' }) => {
      const address = await addressOf(name)
      const asked = `${on === '0.0.0.0' ? '' : `-d ${on}/32 `}! -i docker0 -p ${protocol} --dport ${port}`
      await expect(look.bridgeBehind(name)).to.show('docker0')
      await expect(nat).to.have.ruleBefore(
        '-t nat -A DOCKER -i docker0 -j RETURN',
        `-t nat -A DOCKER ${asked} -j DNAT --to-destination ${address}:${to}`,
      )
      await expect(look.iptables({ table: 'filter' })).to.have.rule(
        `-t filter -A DOCKER -d ${address}/32 ! -i docker0 -o docker0 -p ${protocol} --dport ${to} -j ACCEPT`,
      )
    }
    const gone = (name: string) => expect(look.container(name)).to.be.absent()
    // What refuses says so; the witness is what was asked.
    const refuses = (port: number) => ({
      capture: (act: () => Promise<unknown>) => look.capture('eth0', { while: act }),
      frame: { ip: { source: '203.0.113.1' }, tcp: { destinationPort: port, flags: ['SYN'] } },
    })

    step(
      'docker run -P maps a port to the one that the image exposes, and both the guest and outside reach it',
      {
        covers: [
          'S002-01',
          differs('S002-03', 'the port is 32768, and there is one of IPv6 beside it; no tag is shown for latest'),
        ],
      },
      async () => {
        const run = await $`docker run -itd -P training/webapp python app.py`
        published.first = run.stdout.trim()
        defer`docker rm -f ${published.first}`
        const { stdout } = await $`docker ps -l`
        await expect(stdout).to.print(
          /^[0-9a-f]{12} +training\/webapp +"python app\.py" .* Up .* 0\.0\.0\.0:32768->5000\/tcp, (::|\[::\]):32768->5000\/tcp/m,
        )
        published.port = Number(/0\.0\.0\.0:(\d+)->5000/.exec(stdout)?.[1])
        await open(published.first, { port: published.port, to: 5000 })
        await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
        await expect(look.http(`http://localhost:${published.port}`)).to.answer()
        await expect(outside.http(`http://203.0.113.2:${published.port}`)).to.show({
          status: 200,
          seenFrom: { address: '203.0.113.1' },
        })
      },
    )

    step(
      'the ports of -P are counted up from the first of the kernel’s range for clients',
      {
        covers: [
          isFalse(
            'S002-02',
            'it is the next free port of net.ipv4.ip_local_port_range, 32768 to 60999, not a random one',
          ),
        ],
      },
      async () => {
        const [first, last] = ((await look.sysctl('net.ipv4.ip_local_port_range')) ?? '').split(' ').map(Number)
        const ports = [published.port]
        for (const name of ['next', 'after']) {
          await $`docker run -d -P --expose 80 --name ${name} training/webapp python app.py`
          defer`docker rm -f ${name}`
          const bound = (await look.container(name))?.NetworkSettings.Ports ?? {}
          // One for each exposed port, that of the image and that of the command.
          expect(Object.keys(bound).sort()).to.deep.equal(['5000/tcp', '80/tcp'])
          for (const to of [5000, 80]) await open(name, { port: Number(bound[`${to}/tcp`]?.[0]?.HostPort), to })
          ports.push(...['5000/tcp', '80/tcp'].map(port => Number(bound[port]?.[0]?.HostPort)).sort())
        }
        expect(`${first} to ${last}`).to.equal('32768 to 60999')
        expect(ports[0]).to.equal(first)
        // One that somebody uses is left out, were it for a connection of his own: so not always the very next.
        for (const [index, port] of ports.entries()) {
          if (index > 0) expect(port).to.be.within((ports[index - 1] ?? 0) + 1, (ports[index - 1] ?? 0) + 5)
        }
        for (const port of ports) expect(port).not.to.be.within(49000, 49900)
        await $`docker rm -f next`
        await $`docker rm -f after`
        for (const name of ['next', 'after']) await gone(name)
        // A port that was given back is not the next one to be taken.
        await $`docker run -d -P --name later training/webapp python app.py`
        defer`docker rm -f later`
        const later = (await look.container('later'))?.NetworkSettings.Ports['5000/tcp']?.[0]?.HostPort
        expect(Number(later)).to.be.within(Math.max(...ports) + 1, Math.max(...ports) + 5)
        await open('later', { port: Number(later), to: 5000 })
        await $`docker rm -f later`
        // Here somebody does.
        const taken = Number(later) + 1
        const user = $`timeout 60 nc -n -k -l 0.0.0.0 ${taken}`.nothrow()
        await expect(look.sockets()).to.show({ protocol: 'tcp', port: taken })
        await $`docker run -d -P --name later training/webapp python app.py`
        const beyond = (await look.container('later'))?.NetworkSettings.Ports['5000/tcp']?.[0]?.HostPort
        expect(Number(beyond)).to.be.within(taken + 1, taken + 5)
        await open('later', { port: Number(beyond), to: 5000 })
        await user.kill()
        await $`docker rm -f later`
        await gone('later')
      },
    )

    step(
      'docker logs shows what the application prints, and -f what it goes on to print',
      { covers: ['S002-04'] },
      async () => {
        // The document's name was drawn by lot for another container.
        const asDocumented = await $`docker logs -f dreamy_torvalds`.nothrow()
        await expect(asDocumented.stderr).to.print('No such container: dreamy_torvalds')
        const first = published.first
        const { stdout } = await $`docker logs --tail=all ${first}`
        await expect(stdout).to.print(/^ ?\* Running on http:\/\/0\.0\.0\.0:5000\//)
        const stamped = await $`docker logs -t ${first}`
        await expect(stamped.stdout).to.print(/^\d{4}-\d\d-\d\dT\S+Z +\* Running on /)
        const following = $`docker logs -f ${first}`.nothrow()
        let said = ''
        for await (const line of following) {
          // What was printed before comes first.
          if (said === '') await $`curl -s -o /dev/null localhost:${published.port}/asked-while-it-follows`
          said += `${line}\n`
          if (line.includes('GET /asked-while-it-follows')) break
        }
        await following.kill()
        await expect(said).to.print('GET /asked-while-it-follows')
      },
    )

    step(
      'docker port shows a container’s mappings, or those of one of its ports',
      { covers: [differs('S002-11', 'it prints two lines, the second for IPv6'), 'S004-29'] },
      async () => {
        const asDocumented = await $`docker port dreamy_torvalds 5000`.nothrow()
        await expect(asDocumented.stderr).to.print('No such container: dreamy_torvalds')
        const all = await $`docker port ${published.first}`
        await expect(all.stdout).to.print(/^5000\/tcp -> 0\.0\.0\.0:32768\n5000\/tcp -> (\[::\]|::):32768\n$/)
        for (const asked of ['5000', '5000/tcp']) {
          const { stdout } = await $`docker port ${published.first} ${asked}`
          await expect(stdout).to.print(/^0\.0\.0\.0:32768\n(\[::\]|::):32768\n$/)
        }
        const other = await $`docker port ${published.first} 5000/udp`.nothrow()
        await expect(other.stderr).to.print("No public port '5000/udp' published")
      },
    )

    step('a container’s address and network are told by docker inspect', { covers: ['S002-12'] }, async () => {
      await $`docker inspect ${published.first}`
      const inside = await look.in({ container: published.first }).link('eth0')
      const address = await addressOf(published.first)
      await expect(look.container(published.first)).to.show({
        NetworkSettings: {
          Networks: { bridge: { MacAddress: inside?.mac, IPPrefixLen: 16, Gateway: '172.17.0.1' } },
        },
      })
      expect(inside?.addresses).to.include(`${address}/16`)
      await expect(look.in({ container: published.first }).routes()).to.show({
        destination: 'default',
        gateway: '172.17.0.1',
      })
      await expect(look.in({ container: published.first }).ping('203.0.113.1')).to.answer()
    })

    step(
      'the rule of -P is a DNAT in chain DOCKER, to which PREROUTING and OUTPUT lead',
      { covers: [differs('S002-65', 'the port is 32768; a first rule spares what comes in by docker0'), 'S004-30'] },
      async () => {
        const { stdout } = await $`iptables -t nat -nL`
        const to = `${await addressOf(published.first)}:5000`
        await expect(stdout).to.print(/^Chain DOCKER \(2 references\)$/m)
        await expect(stdout).to.print(
          new RegExp(`^DNAT +(tcp|6) +-- +0\\.0\\.0\\.0/0 +0\\.0\\.0\\.0/0 +tcp dpt:32768 to:${to}$`, 'm'),
        )
        await expect(nat).to.have.ruleBefore('-t nat -A DOCKER -i docker0 -j RETURN', dnat(32768, to))
        // What the list does not show without -v: it has an interface, too.
        await expect(nat).to.use(dnat(32768, to), { while: () => $`ip netns exec outside curl -s 203.0.113.2:32768` })
        // The engine takes it away again.
        await $`docker rm -f ${published.first}`
        await expect(nat).not.to.have.rule(dnat(32768, to))
      },
    )

    step(
      '-p 5000:5000 is on every address that the guest has or gets',
      { covers: ['S002-01', 'S002-07'] },
      async () => {
        const run = await $`docker run -d -p 5000:5000 training/webapp python app.py`
        const web = run.stdout.trim()
        defer`docker rm -f ${web}`
        await open(web, { port: 5000, to: 5000 })
        for (const host of ['127.0.0.1', '127.9.9.9', '203.0.113.2', '172.17.0.1', '[::1]']) {
          await expect(look.http(`http://${host}:5000`)).to.answer()
        }
        await expect(outside.http('http://203.0.113.2:5000')).to.answer()
        await $`ip addr add 203.0.113.7/24 dev eth0`
        defer`ip addr del 203.0.113.7/24 dev eth0`
        await expect(look.link('eth0')).to.have.address('203.0.113.7/24')
        await expect(outside.http('http://203.0.113.7:5000')).to.answer()
        await $`ip addr del 203.0.113.7/24 dev eth0`
        await expect(look.link('eth0')).not.to.have.address('203.0.113.7/24')
        await expect(look.sockets()).to.show({
          protocol: 'tcp',
          port: 5000,
          address: '0.0.0.0',
          process: 'docker-proxy',
        })
        await expect(look.sockets()).to.show({ protocol: 'tcp', port: 5000, address: '::', process: 'docker-proxy' })
        await $`docker rm -f ${web}`
        await gone(web)
      },
    )

    step('-p 127.0.0.1:5000:5000 is on localhost, and outside is refused', { covers: ['S002-08'] }, async () => {
      const run = await $`docker run -d -p 127.0.0.1:5000:5000 training/webapp python app.py`
      const web = run.stdout.trim()
      defer`docker rm -f ${web}`
      const { stdout } = await $`docker port ${web}`
      expect(stdout).to.equal('5000/tcp -> 127.0.0.1:5000\n')
      await open(web, { on: '127.0.0.1', port: 5000, to: 5000 })
      await expect(look.http('http://127.0.0.1:5000')).to.answer()
      await expect(outside.tcp('203.0.113.2', 5000)).not.to.answer(refuses(5000))
      await expect(outside.tcp('203.0.113.2', 5000)).to.show({ error: 'Connection refused' })
      await expect(look.tcp('203.0.113.2', 5000)).to.show({ connected: false, error: 'Connection refused' })
      await expect(look.tcp('::1', 5000)).to.show({ connected: false, error: 'Connection refused' })
      await $`docker rm -f ${web}`
      await gone(web)
    })

    step('-p 127.0.0.1::5000 leaves the port to the engine', { covers: ['S002-09'] }, async () => {
      const run = await $`docker run -d -p 127.0.0.1::5000 training/webapp python app.py`
      const web = run.stdout.trim()
      defer`docker rm -f ${web}`
      const { stdout } = await $`docker port ${web} 5000`
      await expect(stdout).to.print(/^127\.0\.0\.1:\d+\n$/)
      const port = Number(stdout.split(':')[1])
      expect(port).to.be.within(32768, 60999)
      await open(web, { on: '127.0.0.1', port, to: 5000 })
      await expect(look.http(`http://127.0.0.1:${port}`)).to.answer()
      await expect(outside.tcp('203.0.113.2', port)).not.to.answer(refuses(port))
      await $`docker rm -f ${web}`
      await gone(web)
    })

    step(
      '-p …/udp maps the port of UDP alone: a datagram goes in, its answer comes back, and TCP is refused',
      { covers: ['S002-10'] },
      async () => {
        const run = await $`docker run -d -p 127.0.0.1:5000:5000/udp training/webapp python app.py`
        const web = run.stdout.trim()
        defer`docker rm -f ${web}`
        const { stdout } = await $`docker port ${web} 5000/udp`
        expect(stdout).to.equal('127.0.0.1:5000\n')
        await open(web, { on: '127.0.0.1', port: 5000, to: 5000, protocol: 'udp' })
        await expect(look.sockets()).to.show({ protocol: 'udp', port: 5000, address: '127.0.0.1' })
        await expect(look.tcp('127.0.0.1', 5000)).to.show({ connected: false, error: 'Connection refused' })
        // The web application is deaf to UDP: somebody who answers takes its place at that port.
        const answering = $`nsenter -t ${await pidOf(web)} -n timeout 20 nc -n -u -l 5000 <<<answered`.nothrow()
        await expect(look.in({ container: web }).sockets()).to.show({ protocol: 'udp', port: 5000 })
        const asked = await $`nc -n -u -w 1 127.0.0.1 5000 <<<asked`.nothrow()
        await expect(asked.stdout).to.print('answered')
        await answering.kill()
        await expect((await answering).stdout).to.print('asked')
        await $`docker rm -f ${web}`
        await gone(web)
      },
    )

    step('on all addresses the datagrams of outside are rewritten, not relayed', async () => {
      const run = await $`docker run -d -p 5000:5000/udp training/webapp python app.py`
      const web = run.stdout.trim()
      defer`docker rm -f ${web}`
      const address = await addressOf(web)
      await open(web, { port: 5000, to: 5000, protocol: 'udp' })
      const rule = `-t nat -A DOCKER ! -i docker0 -p udp --dport 5000 -j DNAT --to-destination ${address}:5000`
      const answering = $`nsenter -t ${await pidOf(web)} -n timeout 20 nc -n -u -l 5000 <<<answered`.nothrow()
      await expect(look.in({ container: web }).sockets()).to.show({ protocol: 'udp', port: 5000 })
      const frames = await look.capture(['eth0', 'docker0'], {
        filter: 'udp port 5000',
        while: () =>
          expect(nat).to.use(rule, {
            times: 1,
            while: async () => {
              const asked = await $`ip netns exec outside nc -n -u -w 1 203.0.113.2 5000 <<<asked`.nothrow()
              await expect(asked.stdout).to.print('answered')
            },
          }),
      })
      await answering.kill()
      await expect(frames).to.have.rewrite({
        from: { at: 'eth0', ip: { source: '203.0.113.1', destination: '203.0.113.2' } },
        to: { at: 'docker0', ip: { source: '203.0.113.1', destination: address } },
      })
      await expect(frames).to.have.rewrite({
        from: { at: 'docker0', ip: { source: address, destination: '203.0.113.1' } },
        to: { at: 'eth0', ip: { source: '203.0.113.2', destination: '203.0.113.1' } },
      })
      await $`docker rm -f ${web}`
      await gone(web)
    })

    step('several -p map several ports, also one at which nobody listens', { covers: ['S002-13'] }, async () => {
      const run = await $`docker run -d -p 5000:5000 -p 3000:80 training/webapp python app.py`
      const web = run.stdout.trim()
      defer`docker rm -f ${web}`
      const address = await addressOf(web)
      const { stdout } = await $`docker port ${web}`
      await expect(stdout).to.print('5000/tcp -> 0.0.0.0:5000')
      await expect(stdout).to.print('80/tcp -> 0.0.0.0:3000')
      await open(web, { port: 5000, to: 5000 })
      await open(web, { port: 3000, to: 80 })
      await expect(outside.http('http://203.0.113.2:5000')).to.answer()
      // The application serves 5000 only: outside the container itself refuses, on localhost the proxy accepts first.
      await expect(outside.tcp('203.0.113.2', 3000)).not.to.answer({
        capture: act => look.capture('docker0', { while: act }),
        frame: { ip: { source: '203.0.113.1', destination: address }, tcp: { destinationPort: 80, flags: ['SYN'] } },
      })
      await expect(look.tcp('127.0.0.1', 3000)).to.answer()
      await expect(look.http('http://127.0.0.1:3000')).to.show({ status: undefined })
      await $`docker rm -f ${web}`
      await gone(web)
    })

    step(
      '-p takes three documented forms; a port of the container alone and ranges as well',
      { covers: [differs('S002-06', 'the container’s port alone and ranges of ports are taken, too'), 'S004-29'] },
      async () => {
        for (const [form, mapped] of [
          ['203.0.113.2:8000:5000', /^5000\/tcp -> 203\.0\.113\.2:8000\n$/],
          ['203.0.113.2::5000', /^5000\/tcp -> 203\.0\.113\.2:\d{5}\n$/],
          ['8000:5000', /^5000\/tcp -> 0\.0\.0\.0:8000$/m],
          ['5000', /^5000\/tcp -> 0\.0\.0\.0:\d{5}$/m],
          ['8000-8001:5000-5001', /^5001\/tcp -> 0\.0\.0\.0:8001$/m],
          ['8000-8009:5000', /^5000\/tcp -> 0\.0\.0\.0:8000$/m],
          ['[::1]:8000:5000', /^5000\/tcp -> (\[::1\]|::1):8000\n$/],
          ['8000:5000/udp', /^5000\/udp -> 0\.0\.0\.0:8000$/m],
        ] as const) {
          await $`docker run -d --name form -p ${form} training/webapp python app.py`
          defer`docker rm -f form`
          const { stdout } = await $`docker port form`
          await expect(stdout).to.print(mapped)
          await expect(look.bridgeBehind('form')).to.show('docker0')
          for (const [, to, protocol, on, port] of stdout.matchAll(/^(\d+)\/(\w+) -> ([\d.]+):(\d+)$/gm)) {
            await open('form', { on, port: Number(port), to: Number(to), protocol })
          }
          await $`docker rm -f form`
        }
        const noAddress = await $`docker run -d --name form -p 5000:5000:5000 training/webapp python app.py`.nothrow()
        defer`docker rm -f form`
        expect(noAddress.exitCode).to.equal(125)
        await expect(noAddress.stderr).to.print(/invalid (IP|hostPort)/i)
        await gone('form')
        const notIts =
          await $`docker run -d --name form -p 203.0.113.99:8000:5000 training/webapp python app.py`.nothrow()
        expect(notIts.exitCode).to.equal(125)
        await expect(notIts.stderr).to.print(/203\.0\.113\.99:8000\b.* cannot assign requested address/)
        // This one has been made all the same.
        await expect(look.container('form')).to.show({
          State: { Status: 'created' },
          HostConfig: { PortBindings: { '5000/tcp': [{ HostIp: '203.0.113.99', HostPort: '8000' }] } },
        })
        await $`docker rm -f form`
        await gone('form')
      },
    )

    step(
      'a port can be taken once per address and protocol, not once in all',
      {
        covers: [differs('S002-05', 'another may have the same number on another address of the guest, or for UDP')],
      },
      async () => {
        const run = (name: string, form: string) =>
          $`docker run -d --name ${name} -p ${form} training/webapp python app.py`
        await run('first', '5000:5000')
        defer`docker rm -f first`
        await open('first', { port: 5000, to: 5000 })
        const second = await run('second', '5000:5000').nothrow()
        defer`docker rm -f second`
        await expect(second.stderr).to.print(/Bind for (0\.0\.0\.0|::):5000 failed: port is already allocated/)
        // The container has been made all the same; it does not run.
        await expect(look.container('second')).to.show({
          State: { Status: 'created' },
          HostConfig: { PortBindings: { '5000/tcp': [{ HostPort: '5000' }] } },
        })
        await $`docker rm -f second`
        await gone('second')
        // All addresses are any of them.
        const third = await run('third', '127.0.0.1:5000:5000').nothrow()
        defer`docker rm -f third`
        await expect(third.stderr).to.print(/port is already allocated|address already in use/)
        await expect(look.container('third')).to.show({
          State: { Status: 'created' },
          HostConfig: { PortBindings: { '5000/tcp': [{ HostIp: '127.0.0.1', HostPort: '5000' }] } },
        })
        await $`docker rm -f third`
        await gone('third')
        await run('datagrams', '5000:5000/udp')
        defer`docker rm -f datagrams`
        await open('datagrams', { port: 5000, to: 5000, protocol: 'udp' })
        await $`docker rm -f first`
        await gone('first')
        await run('here', '127.0.0.1:5000:5000')
        defer`docker rm -f here`
        await open('here', { on: '127.0.0.1', port: 5000, to: 5000 })
        await run('there', '203.0.113.2:5000:5000')
        defer`docker rm -f there`
        await open('there', { on: '203.0.113.2', port: 5000, to: 5000 })
        await $`docker exec here sh -c 'echo here >/usr/share/nginx/html/index.html'`
        await expect(look.http('http://127.0.0.1:5000')).to.show({ status: 200, body: 'here\n' })
        await expect(outside.http('http://203.0.113.2:5000')).to.show({ status: 200, body: /Welcome/ })
        for (const name of ['datagrams', 'here', 'there']) {
          await $`docker rm -f ${name}`
          await gone(name)
        }
      },
    )

    step(
      '-p 80:80 makes the documented rule, behind the one that spares docker0',
      { covers: [differs('S002-66', 'a first rule spares what comes in by docker0')] },
      async () => {
        await $`docker run -d --name web -p 80:80 nginx:alpine`
        defer`docker rm -f web`
        const { stdout } = await $`iptables -t nat -nL`
        const to = `${await addressOf('web')}:80`
        await expect(stdout).to.print(/^Chain DOCKER \(2 references\)$/m)
        await expect(stdout).to.print(
          new RegExp(`^DNAT +(tcp|6) +-- +0\\.0\\.0\\.0/0 +0\\.0\\.0\\.0/0 +tcp dpt:80 to:${to}$`, 'm'),
        )
        await open('web', { port: 80, to: 80 })
      },
    )

    step(
      'it serves every link but the engine’s own bridges: who asks there is answered by the userland proxy',
      {
        covers: [
          differs('S002-67', 'the engine’s own bridges are spared: there the userland proxy answers, not the rule'),
        ],
      },
      async () => {
        await $`ip netns add dmz`
        defer`ip netns del dmz`
        await $`ip link add dmz0 type veth peer name dmz1`
        defer`ip link del dmz0`
        await $`ip link set dmz1 netns dmz`
        await $`ip addr add 198.51.100.2/24 dev dmz0`
        await $`ip link set dmz0 up`
        await $`ip -n dmz addr add 198.51.100.1/24 dev dmz1`
        await $`ip -n dmz link set dmz1 up`
        await $`ip -n dmz route add default via 198.51.100.2`
        await expect(look.link('dmz0')).to.have.address('198.51.100.2/24')
        await expect(dmz.link('dmz1')).to.have.address('198.51.100.1/24')
        await expect(look.link('dmz0')).to.show({ state: 'UP' })
        await expect(dmz.link('dmz1')).to.show({ state: 'UP' })
        await expect(dmz.routes()).to.show({ destination: 'default', gateway: '198.51.100.2' })
        await $`docker network create other`
        defer`docker network rm other`
        const other = await look.bridge('other')
        const rule = dnat(80, `${await addressOf('web')}:80`)
        for (const bridge of ['docker0', other]) {
          await expect(nat).to.have.ruleBefore(`-t nat -A DOCKER -i ${bridge} -j RETURN`, rule)
        }
        await $`docker run -itd --name near centos`
        defer`docker rm -f near`
        await expect(look.bridgeBehind('near')).to.show('docker0')
        await $`docker run -itd --name far --net other centos`
        defer`docker rm -f far`
        await expect(look.bridgeBehind('far')).to.show(other)
        for (const [ask, seen] of [
          [outside.http('http://203.0.113.2'), '203.0.113.1'],
          [dmz.http('http://198.51.100.2'), '198.51.100.1'],
          [look.http('http://203.0.113.2'), '203.0.113.2'],
        ] as const) {
          await expect(nat).to.use(rule, { while: () => expect(ask).to.show({ seenFrom: { address: seen } }) })
        }
        for (const place of ['near', 'far']) {
          const ask = look.in({ container: place }).http('http://203.0.113.2')
          await expect(nat).not.to.use(rule, {
            while: () => expect(ask).to.show({ seenFrom: { address: '172.17.0.1' } }),
          })
        }
        for (const name of ['web', 'near', 'far']) {
          await $`docker rm -f ${name}`
          await gone(name)
        }
      },
    )

    step(
      'an address in -p restricts the mapping to that address, by whatever link it is asked',
      { covers: ['S002-67'] },
      async () => {
        for (const [form, shown] of [
          ['203.0.113.2:8000:80', /^203\.0\.113\.2:(8000)\n$/],
          ['203.0.113.2::80', /^203\.0\.113\.2:(\d+)\n$/],
        ] as const) {
          await $`docker run -d --name web -p ${form} nginx:alpine`
          defer`docker rm -f web`
          const { stdout } = await $`docker port web 80`
          expect(stdout).to.match(shown)
          const port = Number(shown.exec(stdout)?.[1])
          await open('web', { on: '203.0.113.2', port, to: 80 })
          await expect(outside.http(`http://203.0.113.2:${port}`)).to.answer()
          for (const host of ['127.0.0.1', '172.17.0.1', '198.51.100.2']) {
            await expect(look.tcp(host, port)).to.show({ connected: false, error: 'Connection refused' })
          }
          const refused = { connected: false, error: 'Connection refused' }
          await expect(dmz.tcp('198.51.100.2', port)).to.show(refused)
          // It is the address that counts, not the link: the document says that it may be a link.
          await expect(dmz.http(`http://203.0.113.2:${port}`)).to.show({ seenFrom: { address: '198.51.100.1' } })
          await $`docker rm -f web`
        }
        const byLink = await $`docker run --rm -p eth0:8001:80 nginx:alpine`.nothrow()
        await expect(byLink.stderr).to.print(/invalid (IP|containerPort|hostPort|ip)/i)
      },
    )

    step(
      'host port 8080 goes to port 80 of the container: rewritten on its way in, let through by FORWARD',
      { covers: ['S004-15', 'S004-16', 'S004-30', 'S004-31'] },
      async () => {
        await $`docker run -d --name web -p 8080:80 nginx:alpine`
        defer`docker rm -f web`
        const address = await addressOf('web')
        await $`iptables -t nat -L -n`
        await open('web', { port: 8080, to: 80 })
        await expect(nat).to.have.rule('-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER')
        const allow = `-t filter -A DOCKER -d ${address}/32 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT`
        const ask = () => expect(outside.http('http://203.0.113.2:8080')).to.answer()
        await expect(nat).to.use(dnat(8080, `${address}:80`), {
          while: () => expect(look.iptables({ table: 'filter' })).to.use(allow, { while: ask }),
        })
        // Without that rule FORWARD denies what PREROUTING has rewritten.
        await $`iptables -D DOCKER -d ${address}/32 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT`
        defer`iptables -I DOCKER -d ${address}/32 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT`
        await expect(nat).to.use(dnat(8080, `${address}:80`), {
          while: () => expect(outside.tcp('203.0.113.2', 8080, { timeoutS: 1 })).not.to.answer(refuses(8080)),
        })
        await $`iptables -I DOCKER -d ${address}/32 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT`
        await expect(look.iptables({ table: 'filter' })).to.have.rule(allow, { position: 1 })
        await ask()
      },
    )

    step(
      'the answer gets the guest’s address and port back, by no rule: conntrack undoes the DNAT',
      {
        covers: [
          isFalse(
            'S004-31',
            'MASQUERADE is not for replies, which pass no rule of the nat table; conntrack brings them back',
          ),
          differs('S004-32', 'no rule does it: conntrack undoes the DNAT'),
        ],
      },
      async () => {
        const address = await addressOf('web')
        const masquerade = '-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'
        const frames = await look.capture(['eth0', 'docker0'], {
          filter: 'tcp',
          while: () =>
            expect(nat).not.to.use(masquerade, {
              while: () =>
                expect(outside.http('http://203.0.113.2:8080')).to.show({ seenFrom: { address: '203.0.113.1' } }),
            }),
        })
        await expect(frames).to.have.rewrite({
          from: { at: 'docker0', ip: { source: address }, tcp: { sourcePort: 80, flags: ['SYN', 'ACK'] } },
          to: { at: 'eth0', ip: { source: '203.0.113.2' }, tcp: { sourcePort: 8080, flags: ['SYN', 'ACK'] } },
        })
        await expect(frames).not.to.have.frame(
          { at: 'eth0', ip: { source: address } },
          { witness: { at: 'eth0', ip: { source: '203.0.113.2' }, tcp: { sourcePort: 8080 } } },
        )
      },
    )

    step(
      'the engine keeps the rules in step with the container: stopped, started elsewhere, removed',
      { covers: ['S004-30'] },
      async () => {
        const before = dnat(8080, `${await addressOf('web')}:80`)
        await $`docker stop -t 0 web`
        await expect(nat).not.to.have.rule(before)
        await expect(outside.tcp('203.0.113.2', 8080)).not.to.answer(refuses(8080))
        // Somebody else takes its address.
        await $`docker run -itd --name taker centos`
        defer`docker rm -f taker`
        await expect(look.bridgeBehind('taker')).to.show('docker0')
        await $`docker start web`
        const after = dnat(8080, `${await addressOf('web')}:80`)
        expect(after).not.to.equal(before)
        await open('web', { port: 8080, to: 80 })
        await expect(outside.http('http://203.0.113.2:8080')).to.answer()
        await $`docker rm -f web`
        await expect(nat).not.to.have.rule(after)
        await $`docker rm -f taker`
        await gone('taker')
      },
    )

    step(
      'DOCKER_OPTS="--ip=…" makes an address the default of -p on docker0, for good; -p with an address overrules it',
      { covers: [differs('S002-68', 'it is so on docker0 only: other networks go on to bind all addresses')] },
      async () => {
        await $`service docker stop`
        await $`echo 'DOCKER_OPTS="--ip=203.0.113.2"' >> /etc/default/docker`
        defer(async () => {
          await $`service docker stop`
          await $`sed -i '/--ip=203.0.113.2/d' /etc/default/docker`
          await $`service docker start`
          await expect(look.engine()).to.be.present()
        })
        await $`service docker start`
        await expect(look.engine()).to.be.present()
        const mapped = async (form: string, network = 'bridge') => {
          await $`docker run -d --name web -p ${form} --net ${network} nginx:alpine`
          defer`docker rm -f web`
          const { stdout } = await $`docker port web 80`
          return stdout
        }
        expect(await mapped('8080:80')).to.equal('203.0.113.2:8080\n')
        await open('web', { on: '203.0.113.2', port: 8080, to: 80 })
        await expect(outside.http('http://203.0.113.2:8080')).to.answer()
        await expect(look.tcp('127.0.0.1', 8080)).to.show({ connected: false, error: 'Connection refused' })
        await $`docker rm -f web`
        const unasked = /^203\.0\.113\.2:(\d+)\n$/.exec(await mapped('80'))?.[1]
        await open('web', { on: '203.0.113.2', port: Number(unasked), to: 80 })
        await $`docker rm -f web`
        expect(await mapped('127.0.0.1:8080:80')).to.equal('127.0.0.1:8080\n')
        await open('web', { on: '127.0.0.1', port: 8080, to: 80 })
        await $`docker rm -f web`
        await expect(await mapped('0.0.0.0:8080:80')).to.print(/^0\.0\.0\.0:8080$/m)
        await open('web', { port: 8080, to: 80 })
        await $`docker rm -f web`
        await expect(look.network('bridge')).to.show({
          Options: { 'com.docker.network.bridge.host_binding_ipv4': '203.0.113.2' },
        })
        // A network of one's own has an option of the same meaning; the engine's is not for it.
        await expect(await mapped('8080:80', 'other')).to.print(/^0\.0\.0\.0:8080$/m)
        await expect(look.bridgeBehind('web')).to.show(await look.bridge('other'))
        await expect(look.http('http://127.0.0.1:8080')).to.answer()
        await $`docker rm -f web`
        // It outlasts the engine.
        const [before] = await look.processes('dockerd')
        await $`service docker restart`
        await expect(look.engine()).to.be.present()
        await expect(look.processes('dockerd')).not.to.show({ pid: before?.pid })
        expect(await mapped('8080:80')).to.equal('203.0.113.2:8080\n')
        await open('web', { on: '203.0.113.2', port: 8080, to: 80 })
        await $`docker rm -f web`
        await gone('web')
      },
    )
  },
)
