import { differs, lab, shows } from '../harness/index.ts'

const topology = `
  homeA 192.168.1.0/24                      10.25.0.0/16           10.1.1.1
  h1 .11 --+        modemA                                        +----------+
  h2 .12 --+-------o .1    .65 o------------+      isp            | backbone |
  h3 .13 --+        NAT                     +--o 10.25.1.1 o------o dns      |
  homeB 192.168.1.0/24                      |                     +----o-----+
  h4 .14 ----------o .1    .66 o------------+                          |
                    modemB, NAT             exampleCOM 10.130.1.0/24   |
                                            ftp .2 --+             +---o-----+
                                            mail .3 -+-------------o example |
                                            www .4 --+             | .1      |
                                                                   +---------+
`

export default lab(
  {
    title: 'A playground of twelve containers: homes behind NAT, routers, servers',
    document: '002_4055c2f40a7b121a',
    finds:
      'ip, brctl and iptables make it all, and each server answers; the homes are cut off by Docker’s FORWARD policy until bridged frames are spared it, and active FTP ends at the NAT',
    topology,
    engine: true,
    needs: { kernel: ['br_netfilter'] },
    unseen: [
      {
        mutation: /without ip netns exec .* sysctl -w net\.ipv4\.ip_forward=0/,
        because:
          'a container takes this value from the host’s first netns: in a sandbox whose host forwards nothing it is 0 already',
        seenElsewhere: true,
      },
      {
        mutation: /^127\.0\.0\.1 → .*\/dev\/tcp\//,
        because: 'every address of 127.0.0.0/8 is the guest’s, and the ports are published on all',
      },
    ],
  },
  ({ $, look, expect, step, defer }) => {
    const at = (container: string) => look.in({ container })
    const homes = ['h1', 'h2', 'h3', 'h4']
    const routers = ['modemA', 'modemB', 'isp', 'backbone', 'example']
    const servers = ['ftp', 'mail', 'www']
    const image: Record<string, string> = { backbone: 'dns', ftp: 'ftp', mail: 'mail', www: 'www' }
    const hostname = (name: string) =>
      name === 'example' ? 'example.com' : servers.includes(name) ? `${name}.example.com` : name
    const lans: Record<string, string[]> = {
      homeA: ['modemA-eth1', 'h1-eth1', 'h2-eth1', 'h3-eth1'],
      homeB: ['modemB-eth1', 'h4-eth1'],
      exampleCOM: ['example-eth1', 'ftp-eth0', 'mail-eth0', 'www-eth0'],
    }
    const wires = [
      ['backbone', 'eth0', 'isp', 'eth0'],
      ['backbone', 'eth1', 'example', 'eth0'],
      ['isp', 'eth1', 'modemA', 'eth0'],
      ['isp', 'eth2', 'modemB', 'eth0'],
    ] as const
    const masquerade = '-t nat -A POSTROUTING -o eth0 -j MASQUERADE'
    const request = { icmp: { type: 'echo-request' } }
    const reply = { icmp: { type: 'echo-reply' } }
    const reproduced = differs('S002-79', 'ip, brctl and iptables make it all: no Python takes part')
    const ssh = (from: string, to: string, password = 'abc123') =>
      $`docker exec -e SSH_ASKPASS=${password} -e SSH_ASKPASS_REQUIRE=force ${from} ssh -o StrictHostKeyChecking=no brandon@${to} hostname`.nothrow()
    /** Types each line into telnet once it has shown what comes before it; fails where it does not. */
    const typed = (from: string, to: string, dialogue: ReadonlyArray<readonly [shown: string, line: string]>) =>
      $`docker exec ${from} bash -c ${`
        coproc telnet { telnet ${to}; }
        while [ $# -gt 0 ]; do
          text=
          until [[ $text == *"$1"* ]]; do
            IFS= read -r -N 1 -t 20 -u "\${telnet[0]}" character || exit 1
            text+=$character
            printf %s "$character"
          done
          printf '%s\\n' "$2" >&"\${telnet[1]}"
          shift 2
        done`} typed ${dialogue.flat()}`
    const ends = (name: string) => name.split('-') as [string, string]

    step('twelve containers run: four have docker0’s eth0 and a published port, eight nothing but lo', async () => {
      // The engine makes it for the first of them.
      defer`rmdir /tmp/fopnp`
      for (const name of [...homes, ...routers, ...servers]) {
        const network = homes.includes(name) ? `--publish=220${name.slice(1)}:22` : '--net=none'
        await $`docker run -d --name ${name} --hostname ${hostname(name)} --dns=10.1.1.1 --dns-search=example.com ${network} --volume=/tmp/fopnp:/fopnp fopnp/${image[name] ?? 'base'}`
        defer`docker rm -f ${name}`
        await expect(look.container(name)).to.show({ HostConfig: { Dns: ['10.1.1.1'] } })
        if (homes.includes(name)) {
          const port = `220${name.slice(1)}`
          await expect(look.container(name)).to.show({ HostConfig: { PortBindings: { '22/tcp': { HostPort: port } } } })
          await expect(look.sockets()).to.show({ protocol: 'tcp', port: Number(port) })
          await expect(look.bridgeBehind(name)).to.show('docker0')
        }
        const pid = (await $`docker inspect -f '{{.State.Pid}}' ${name}`).stdout.trim()
        await $`ln -s /proc/${pid}/ns/net /var/run/netns/${name}`
        defer`rm -f /var/run/netns/${name}`
      }
      for (const name of homes) await expect(at(name).link('eth0')).to.be.up()
      for (const name of [...routers, ...servers]) {
        const links = await at(name).links()
        expect({
          name,
          links: links.map(one => one.name).filter(one => !/^(sit|tunl|gre|ip6|erspan)/.test(one)),
        }).to.deep.equal({
          name,
          links: ['lo'],
        })
      }
      const { stdout } = await $`docker ps -q`
      expect(stdout.trim().split('\n')).to.have.lengthOf(12)
    })

    step('three bridges join the LANs', { covers: [reproduced] }, async () => {
      for (const [bridge, ports] of Object.entries(lans)) {
        await $`brctl addbr ${bridge}`
        defer`ip link delete ${bridge}`
        await $`ip link set ${bridge} up`
        await expect(look.link(bridge)).to.be.up()
        for (const port of ports) {
          const [container, name] = ends(port)
          await $`ip link add ${port} type veth peer name ${name} netns ${container}`
          defer`ip link delete ${port}`
          await $`brctl addif ${bridge} ${port}`
          await $`ip link set dev ${port} up`
          await $`ip netns exec ${container} ip link set ${name} up`
          await expect(look.link(port)).to.show({ master: bridge, up: true })
          await expect(at(container).link(name)).to.be.up()
          await expect(look.peer(port)).to.be.pairedWith(at(container).peer(name))
        }
      }
      const python = await $`python3 --version`.nothrow()
      expect(python.exitCode).to.equal(127)
    })

    step('four wires join the routers, in no subnet: an address for oneself, a route to the other', async () => {
      for (const [one, oneName, other, otherName] of wires) {
        // From the guest's netns Linux 6.12 refuses a name that the guest itself has, wherever the link is to be.
        await $`ip netns exec ${one} ip link add ${oneName} type veth peer name ${otherName} netns ${other}`
        await $`ip netns exec ${one} ip link set ${oneName} up`
        await $`ip netns exec ${other} ip link set ${otherName} up`
        await expect(at(one).peer(oneName)).to.be.pairedWith(at(other).peer(otherName))
        await expect(at(one).link(oneName)).to.be.up()
        await expect(at(other).link(otherName)).to.be.up()
      }
      await $`ip netns exec backbone ip addr add 10.1.1.1/32 dev eth0`
      await $`ip netns exec backbone ip addr add 10.1.1.1/32 dev eth1`
      await $`ip netns exec backbone ip route add 10.25.1.1/32 dev eth0`
      await $`ip netns exec backbone ip route add 10.25.0.0/16 via 10.25.1.1`
      await $`ip netns exec backbone ip route add 10.130.1.1/32 dev eth1`
      await $`ip netns exec backbone ip route add 10.130.1.0/24 via 10.130.1.1`
      for (const link of ['eth0', 'eth1']) await expect(at('backbone').link(link)).to.have.address('10.1.1.1/32')
      await expect(at('backbone').routes()).to.show([
        { destination: '10.25.0.0/16', gateway: '10.25.1.1', link: 'eth0' },
        { destination: '10.25.1.1', link: 'eth0' },
        { destination: '10.130.1.0/24', gateway: '10.130.1.1', link: 'eth1' },
        { destination: '10.130.1.1', link: 'eth1' },
      ])

      for (const link of ['eth0', 'eth1', 'eth2']) {
        await $`ip netns exec isp ip addr add 10.25.1.1/32 dev ${link}`
        await expect(at('isp').link(link)).to.have.address('10.25.1.1/32')
      }
      await $`ip netns exec isp ip route add 10.1.1.1/32 dev eth0`
      await $`ip netns exec isp ip route add 10.25.1.65/32 dev eth1`
      await $`ip netns exec isp ip route add 10.25.1.66/32 dev eth2`
      await $`ip netns exec isp ip route add default via 10.1.1.1`
      await expect(at('isp').routes()).to.show([
        { destination: 'default', gateway: '10.1.1.1', link: 'eth0' },
        { destination: '10.1.1.1', link: 'eth0' },
        { destination: '10.25.1.65', link: 'eth1' },
        { destination: '10.25.1.66', link: 'eth2' },
      ])

      await $`ip netns exec example ip addr add 10.130.1.1/32 dev eth0`
      await expect(at('example').link('eth0')).to.have.address('10.130.1.1/32')
      await $`ip netns exec example ip route add 10.1.1.1/32 dev eth0`
      await $`ip netns exec example ip route add default via 10.1.1.1`
      await expect(at('example').routes()).to.show([
        { destination: 'default', gateway: '10.1.1.1', link: 'eth0' },
        { destination: '10.1.1.1', link: 'eth0' },
      ])

      await expect(at('isp').ping('10.1.1.1')).to.answer()
      await expect(at('backbone').ping('10.130.1.1')).to.answer()
    })

    step('all have addresses, the two homes the same; the way out of a home is its modem, not docker0', async () => {
      await $`ip netns exec modemA ip addr add 10.25.1.65/16 dev eth0`
      await $`ip netns exec modemB ip addr add 10.25.1.66/16 dev eth0`
      await expect(at('modemA').link('eth0')).to.have.address('10.25.1.65/16')
      await expect(at('modemB').link('eth0')).to.have.address('10.25.1.66/16')
      for (const modem of ['modemA', 'modemB']) {
        await $`ip netns exec ${modem} ip addr add 192.168.1.1/24 dev eth1`
        await expect(at(modem).link('eth1')).to.have.address('192.168.1.1/24')
        await $`ip netns exec ${modem} ip route add default via 10.25.1.1`
        await expect(at(modem).routes()).to.show({ destination: 'default', gateway: '10.25.1.1', link: 'eth0' })
        await expect(at(modem).ping('10.25.1.1')).to.answer()
      }
      for (const host of homes) {
        await $`ip netns exec ${host} ip route del default`
        await $`ip netns exec ${host} ip addr add 192.168.1.1${host.slice(1)}/24 dev eth1`
        await expect(at(host).link('eth1')).to.have.address(`192.168.1.1${host.slice(1)}/24`)
        await $`ip netns exec ${host} ip route add default via 192.168.1.1`
        await expect(at(host).routes()).to.show({ destination: 'default', gateway: '192.168.1.1', link: 'eth1' })
        await expect(at(host).routes()).not.to.show({ gateway: '172.17.0.1' })
      }
      await $`ip netns exec example ip addr add 10.130.1.1/24 dev eth1`
      await expect(at('example').link('eth1')).to.have.address('10.130.1.1/24')
      for (const [index, server] of servers.entries()) {
        await $`ip netns exec ${server} ip addr add 10.130.1.${index + 2}/24 dev eth0`
        await expect(at(server).link('eth0')).to.have.address(`10.130.1.${index + 2}/24`)
        await $`ip netns exec ${server} ip route add default via 10.130.1.1`
        await expect(at(server).routes()).to.show({ destination: 'default', gateway: '10.130.1.1', link: 'eth0' })
      }
    })

    step(
      'but what crosses a bridge of the guest meets Docker’s FORWARD policy, and dies: no home reaches its modem',
      async () => {
        await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('1')
        await expect(look.iptables({ table: 'filter' })).to.have.policy('filter', 'FORWARD', 'DROP')
        await expect(at('h1').ping('192.168.1.1')).not.to.answer({
          capture: act => look.capture('h1-eth1', { while: act }),
          frame: { ip: { source: '192.168.1.11', destination: '192.168.1.1' }, ...request },
        })
        const frames = await look.capture(['h1-eth1', 'modemA-eth1'], {
          while: () => $`docker exec h1 ping -c 1 -W 1 192.168.1.1`.nothrow(),
        })
        // ARP is not iptables' business, so the question for the modem's MAC is answered.
        await expect(frames).not.to.have.frame(
          { at: 'modemA-eth1', ...request },
          { witness: { at: 'h1-eth1', ip: { destination: '192.168.1.1' }, ...request } },
        )
      },
    )

    step('spared that, neighbours hear each other', async () => {
      await $`sysctl -w net.bridge.bridge-nf-call-iptables=0`
      defer`sysctl -w net.bridge.bridge-nf-call-iptables=1`
      await expect(look.sysctl('net.bridge.bridge-nf-call-iptables')).to.show('0')
      for (const host of homes) await expect(at(host).ping('192.168.1.1')).to.answer()
      await expect(at('h1').ping('192.168.1.12')).to.answer()
      await expect(at('h1').ping('192.168.1.13')).to.answer()
      await expect(at('www').ping('10.130.1.3')).to.answer()
      // The other home has the same subnet: its host is asked for at home, where nobody has that address.
      await expect(at('h1').ping('192.168.1.14')).not.to.answer({
        capture: act => look.capture('homeA', { while: act }),
        frame: { arp: { operation: 'request', target: { ip: '192.168.1.14' } } },
      })
    })

    step(
      'without forwarding nothing passes a router; with it the servers hear the homes and find no way back',
      async () => {
        for (const router of routers) {
          await $`ip netns exec ${router} sysctl -w net.ipv4.ip_forward=0`
          await expect(at(router).sysctl('net.ipv4.ip_forward')).to.show('0')
        }
        await expect(at('h1').ping('10.130.1.4')).not.to.answer({
          capture: act => look.capture('modemA-eth1', { while: act }),
          frame: { ip: { source: '192.168.1.11', destination: '10.130.1.4' }, ...request },
        })
        for (const router of routers) {
          await $`ip netns exec ${router} sysctl -w net.ipv4.ip_forward=1`
          await expect(at(router).sysctl('net.ipv4.ip_forward')).to.show('1')
        }
        await expect(at('isp').ping('10.130.1.4')).to.answer()
        await expect(at('h1').ping('10.130.1.4')).not.to.answer({
          capture: act => look.capture('www-eth0', { while: act }),
          frame: { ip: { source: '192.168.1.11', destination: '10.130.1.4' }, ...request },
        })
        await expect(at('backbone').routes()).not.to.show({ destination: /^(default|192\.168\.)/ })
      },
    )

    step(
      'NAT: before the modem a packet is from the home, behind it from the modem, and back again',
      { covers: [reproduced] },
      async () => {
        for (const modem of ['modemA', 'modemB']) {
          await $`ip netns exec ${modem} iptables --table nat --append POSTROUTING --out-interface eth0 -j MASQUERADE`
          await expect(look.in({ netns: modem }).iptables({ table: 'nat' })).to.have.rule(masquerade, { position: 1 })
        }
        for (const [host, address, modem, outer] of [
          ['h1', '192.168.1.11', 'modemA', '10.25.1.65'],
          ['h4', '192.168.1.14', 'modemB', '10.25.1.66'],
        ] as const) {
          const points = [
            { on: 'eth1', in: { netns: modem }, as: 'inside' },
            { on: 'eth0', in: { netns: modem }, as: 'outer' },
          ]
          await expect(look.in({ netns: modem }).iptables({ table: 'nat' })).to.use(masquerade, {
            times: 1,
            while: async () => {
              const frames = await look.capture(points, {
                filter: 'icmp',
                while: () => $`docker exec ${host} ping -c 1 10.130.1.4`,
              })
              await expect(frames).to.have.rewrite({
                from: { at: 'inside', ip: { source: address, destination: '10.130.1.4', ttl: 64 }, ...request },
                to: { at: 'outer', ip: { source: outer, destination: '10.130.1.4', ttl: 63 }, ...request },
              })
              await expect(frames).to.have.rewrite({
                from: { at: 'outer', ip: { source: '10.130.1.4', destination: outer }, ...reply },
                to: { at: 'inside', ip: { source: '10.130.1.4', destination: address, ttl: 60 }, ...reply },
              })
            },
          })
        }
      },
    )

    step('nobody beyond the modem begins anything with a home', async () => {
      await expect(at('isp').ping('192.168.1.11')).not.to.answer({
        capture: act => look.capture({ on: 'eth0', in: { netns: 'backbone' }, as: 'backbone' }, { while: act }),
        frame: { ip: { destination: '192.168.1.11' }, ...request },
      })
      const refused = await $`docker exec isp ping -c 1 -W 1 192.168.1.11`.nothrow()
      expect(refused.stdout).to.match(/From 10\.1\.1\.1 .*Destination (Net|Host) Unreachable/)
      // Even asked for the way, the modem's own sshd is as far as it goes.
      await expect(at('www').tcp('10.25.1.65', 22)).to.answer()
    })

    step('backbone knows the names, and the search domain makes www of www.example.com', async () => {
      await expect(at('backbone').sockets()).to.show({ protocol: 'udp', port: 53 })
      const resolver = await $`docker exec h1 cat /etc/resolv.conf`
      await expect(resolver.stdout).to.print(/^nameserver 10\.1\.1\.1$/m)
      await expect(resolver.stdout).to.print(/^search example\.com$/m)
      const points = [{ on: 'eth0', in: { netns: 'backbone' }, as: 'backbone' }]
      const frames = await look.capture(points, { filter: 'udp port 53', while: () => $`docker exec h1 ping -c 1 www` })
      await expect(frames).to.have.frames([
        { ip: { source: '10.25.1.65', destination: '10.1.1.1' }, udp: { destinationPort: 53 } },
        { ip: { source: '10.1.1.1', destination: '10.25.1.65' }, udp: { sourcePort: 53 } },
      ])
    })

    step('traceroute names each router on the way', { covers: [reproduced] }, async () => {
      const { stdout } = await $`docker exec h1 traceroute www.example.com`
      const hops = [...stdout.matchAll(/^ *\d+ +(\S+) \(([\d.]+)\)/gm)].map(([, name, address]) => `${name} ${address}`)
      expect(hops).to.deep.equal([
        '192.168.1.1 192.168.1.1',
        'isp 10.25.1.1',
        'backbone 10.1.1.1',
        'example.com 10.130.1.1',
        'www.example.com 10.130.1.4',
      ])
      // And on the way back: www's 64, less one for each of the four routers.
      await expect(at('h4').ping('10.130.1.4')).to.show({ replies: [{ ttl: 60 }] })
    })

    step('HTTP: www answers, and tells the homes by their modems', { covers: [reproduced] }, async () => {
      const one = await $`docker exec h1 curl -s -i -m 10 http://www.example.com/`
      await expect(one.stdout).to.print('HTTP/1.1 200 OK')
      await expect(one.stdout).to.print('<h1>www.example.com</h1>')
      await expect(one.stdout).to.print(/^X-Seen-From: 10\.25\.1\.65:\d+/m)
      const four = await $`docker exec h4 curl -s -i -m 10 http://www.example.com/`
      await expect(four.stdout).to.print(/^X-Seen-From: 10\.25\.1\.66:\d+/m)
      const near = await $`docker exec mail curl -s -i -m 10 http://www.example.com/`
      await expect(near.stdout).to.print(/^X-Seen-From: 10\.130\.1\.3:\d+/m)
    })

    step('SMTP: mail takes a message from h1, for its user and nobody else’s', { covers: [reproduced] }, async () => {
      const send = (to: string) =>
        $`printf 'From: h1@example.com\nSubject: Greetings\n\nWritten at home.\n' | docker exec -i h1 curl -sv -m 20 --mail-from h1@example.com --mail-rcpt ${to} -T - smtp://mail.example.com`.nothrow()
      const sent = await send('brandon@example.com')
      expect(sent.exitCode).to.equal(0)
      await expect(sent.stderr).to.print(/^< 220 mail\.example\.com ESMTP OpenSMTPD/m)
      await expect(sent.stderr).to.print(/^> RCPT TO:<brandon@example\.com>/m)
      await expect(sent.stderr).to.print(/^< 250 2\.0\.0 \w+ Message accepted for delivery/m)
      const relayed = await send('somebody@elsewhere.example')
      expect(relayed.exitCode).to.equal(55)
      await expect(relayed.stderr).to.print(/^< 550 /m)
    })

    step('POP3: h4 reads it, if it knows the password', { covers: [reproduced] }, async () => {
      await $`docker exec mail timeout 20 sh -c 'until [ -n "$(ls /home/brandon/Maildir/new)" ]; do sleep 0.1; done'`
      const { stdout } = await typed('h4', 'mail.example.com 110', [
        ['+OK POP3 Ready', 'USER brandon'],
        ['+OK', 'PASS abc123'],
        ['+OK opened mailbox for brandon', 'RETR 1'],
        ['Written at home.', 'QUIT'],
      ])
      await expect(stdout).to.print('Connected to mail.example.com.')
      await expect(stdout).to.print(/^\+OK opened mailbox for brandon/m)
      await expect(stdout).to.print('Subject: Greetings')
      // The message says where it came from: h1's modem.
      await expect(stdout).to.print(/^Received: from h1 \(.*\[10\.25\.1\.65\]\)/m)
      const refused = await typed('h4', 'mail.example.com 110', [
        ['+OK POP3 Ready', 'USER brandon'],
        ['+OK', 'PASS wrong'],
        ['-ERR [AUTH] Bad login', 'QUIT'],
      ])
      await expect(refused.stdout).to.print('-ERR [AUTH] Bad login')
      await expect(refused.stdout).not.to.print(/^\+OK opened/m)
    })

    step('IMAP: h2 finds it too', { covers: [reproduced] }, async () => {
      const read =
        await $`docker exec h2 curl -sv -m 20 -u brandon:abc123 ${'imap://mail.example.com/INBOX;MAILINDEX=1'}`
      await expect(read.stderr).to.print(/^< \* OK IMAP4rev1/m)
      await expect(read.stderr).to.print(/^> A\d+ LOGIN brandon/m)
      await expect(read.stderr).to.print(/^< \* 1 EXISTS/m)
      await expect(read.stdout).to.print('Written at home.')
    })

    step(
      'FTP: h1 fetches a file over a second connection, which it opens as well',
      { covers: [reproduced] },
      async () => {
        const points = [{ on: 'eth0', in: { netns: 'modemA' }, as: 'modemA' }]
        const fetched = { stdout: '', stderr: '' }
        const frames = await look.capture(points, {
          filter: 'tcp',
          while: async () => {
            const { stdout, stderr } = await $`docker exec h1 curl -sv -m 20 ftp://ftp.example.com/welcome.txt`
            Object.assign(fetched, { stdout, stderr })
          },
        })
        await expect(fetched.stderr).to.print(/^< 220 \(vsFTPd 3\.0\.\d\)/m)
        await expect(fetched.stderr).to.print(/^< 230 Login successful\./m)
        await expect(fetched.stderr).to.print(/^< 229 Entering Extended Passive Mode/m)
        await expect(fetched.stderr).to.print(/^< 226 Transfer complete\./m)
        expect(fetched.stdout).to.equal('This file was fetched from ftp.example.com.\n')
        const begun = frames.filter(frame =>
          shows(frame, { ip: { source: '10.25.1.65', destination: '10.130.1.2' }, tcp: { flags: ['SYN'] } }),
        )
        const ports = new Set(begun.map(({ tcp }) => tcp?.destinationPort))
        // One to port 21, one to a port that the server named.
        const named = [...ports].filter(port => (port ?? 0) >= 1024).length
        expect({ ftp: ports.has(21), named }).to.deep.equal({ ftp: true, named: 1 })
      },
    )

    step(
      'FTP’s other way, in which the server opens it, ends at the NAT: it is told an address of home (beyond the document)',
      async () => {
        const behind =
          await $`docker exec h1 curl -sv -m 20 --ftp-port - --disable-eprt ftp://ftp.example.com/welcome.txt`.nothrow()
        expect(behind.exitCode).to.equal(30)
        await expect(behind.stderr).to.print(/^> PORT 192,168,1,11,\d+,\d+/m)
        await expect(behind.stderr).to.print(/^< 500 Illegal PORT command\./m)
        const near =
          await $`docker exec mail curl -sv -m 20 --ftp-port - --disable-eprt ftp://ftp.example.com/welcome.txt`
        await expect(near.stderr).to.print(/^> PORT 10,130,1,3,\d+,\d+/m)
        await expect(near.stdout).to.print('This file was fetched')
      },
    )

    step('Telnet: h1 logs in to ftp and runs a command there', { covers: [reproduced] }, async () => {
      const { stdout } = await typed('h1', 'ftp.example.com', [
        ['ftp.example.com login: ', 'brandon'],
        ['Password: ', 'abc123'],
        ['$ ', 'echo on $(hostname) as $(id -un)'],
        ['on ftp.example.com as brandon', 'exit'],
      ])
      await expect(stdout).to.print('Connected to ftp.example.com.')
      await expect(stdout).to.print(/^on ftp\.example\.com as brandon/m)
    })

    step('SSH: h1 runs a command on each of the others that it reaches', { covers: [reproduced] }, async () => {
      const names = ['192.168.1.12', '192.168.1.13', 'modemA', 'isp', 'backbone', 'example.com', 'ftp', 'mail', 'www']
      const ran: string[] = []
      for (const name of names) ran.push((await ssh('h1', name)).stdout.trim())
      const reached = [...routers.filter(name => name !== 'modemB'), ...servers].map(hostname)
      expect(ran).to.deep.equal(['h2', 'h3', ...reached])
      expect((await ssh('www', 'modemB')).stdout.trim()).to.equal('modemB')
      const refused = await ssh('h1', 'www', 'false')
      expect(refused.exitCode).to.equal(255)
      await expect(refused.stderr).to.print(/Permission denied/)
    })

    step(
      'one modem does not reach the other: it takes it for a neighbour on its wire, where nobody answers',
      async () => {
        await expect(look.in({ netns: 'modemA' }).routes()).to.show({ destination: '10.25.0.0/16', link: 'eth0' })
        await expect(at('h1').ping('10.25.1.66')).not.to.answer({
          capture: act => look.capture({ on: 'eth0', in: { netns: 'modemA' }, as: 'modemA' }, { while: act }),
          frame: { arp: { operation: 'request', target: { ip: '10.25.1.66' } } },
        })
        // With it isp answers for all that it has a route to.
        await $`ip netns exec isp sysctl -w net.ipv4.conf.all.proxy_arp=1`
        await expect(at('h1').ping('10.25.1.66')).to.answer()
        await $`ip netns exec isp sysctl -w net.ipv4.conf.all.proxy_arp=0`
        await expect(at('isp').sysctl('net.ipv4.conf.all.proxy_arp')).to.show('0')
      },
    )

    step(
      '2201 to 2204 lead to the sshd of a home from the guest itself, whose answer goes back by docker0',
      async () => {
        for (const host of homes) {
          const { stdout } =
            await $`timeout 20 bash -c ${`exec 3<>/dev/tcp/127.0.0.1/220${host.slice(1)}; head -n 1 <&3`}`
          await expect(stdout).to.print(/^SSH-2\.0-dropbear/m)
        }
      },
    )

    step(
      'from outside they lead there and not back: the answer takes the way by the modem (the default route)',
      async () => {
        const address = (await look.container('h1'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
        const outside = look.in({ netns: 'outside' })
        await expect(outside.tcp('203.0.113.2', 2201)).not.to.answer({
          capture: act => look.capture('docker0', { while: act }),
          frame: { ip: { source: '203.0.113.1', destination: address }, tcp: { destinationPort: 22, flags: ['SYN'] } },
        })
        const frames = await look.capture('h1-eth1', {
          filter: 'tcp port 22',
          while: async () => await outside.tcp('203.0.113.2', 2201),
        })
        await expect(frames).to.have.frame({
          ip: { source: address, destination: '203.0.113.1' },
          tcp: { flags: ['SYN', 'ACK'] },
        })
      },
    )
  },
)
