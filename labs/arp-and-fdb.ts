import { lab, shows } from '../harness/index.ts'

const topology = `
  one                  guest                                three
 +-----------+        +---------------------------+        +-----------+
 | eth0    o-+--------+-o          docker0      o-+--------+-o eth0    |
 +-----------+        |            172.17.0.1     |        +-----------+
  two                 |                           |         hears what
 +-----------+        |  FDB: MAC -> port         |         is flooded
 | eth0    o-+--------+-o                         |
 +-----------+        +---------------------------+
`

export default lab(
  {
    title: 'How docker0 learns behind which port a container is, and how it forgets',
    document: null,
    finds:
      'from what containers send; what it does not know goes to all ports; whoever sent last with a MAC gets its frames; engine 28 tells the neighbours of a new container’s MAC',
    topology,
    engine: true,
    unseen: [
      {
        mutation: /^without the rule -A FORWARD -o docker0 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT/,
        because: 'what goes from docker0 to docker0 is let through by a later rule as well, replies among it',
      },
      {
        mutation: /without ip link set docker0 type bridge fdb_flush/,
        because:
          'at first docker0 has heard of no container yet; engine 28 makes itself heard of, and there it is seen',
        seenElsewhere: true,
      },
      {
        mutation: /without nsenter .* sysctl -w net\.ipv4\.ip_forward=0/,
        because:
          'a container takes this value from the host’s first netns: in a sandbox whose host forwards nothing it is 0 already',
        seenElsewhere: true,
      },
    ],
  },
  ({ $, look, expect, step, defer }) => {
    const names = ['one', 'two', 'three'] as const
    type Name = (typeof names)[number]
    /** What is read of each once it runs: its address, its MAC, its process, the port of docker0 that it is behind. */
    const known = Object.fromEntries(names.map(name => [name, { ip: '', mac: '', pid: '', port: '' }])) as Record<
      Name,
      { ip: string; mac: string; pid: string; port: string }
    >
    const { one, two, three } = known
    const inside = (name: Name) => look.in({ container: name })
    const read = async (name: Name) => {
      const container = await look.container(name)
      const end = await inside(name).peer('eth0')
      const port = (await look.ports('docker0')).find(({ ifindex }) => ifindex === end?.iflink)
      Object.assign(known[name], {
        ip: container?.NetworkSettings.Networks.bridge?.IPAddress,
        mac: container?.NetworkSettings.Networks.bridge?.MacAddress,
        pid: String(container?.State.Pid),
        port: port?.name,
      })
    }
    const ping = (from: Name, to: string) => $`docker exec ${from} ping -c 1 -W 1 ${to}`
    const forget = async () => {
      await $`ip link set docker0 type bridge fdb_flush`
      for (const name of names) await expect(look.fdb('docker0')).not.to.show({ mac: known[name].mac })
    }
    const ageing = async (time: number) =>
      expect((await $`ip -d link show docker0`).stdout).to.print(` ageing_time ${time} `)
    /** Engine 28 says three times, a second apart, which MAC a new container's address has; what it says late would be learned late. */
    const announces = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10) >= 28
    const announced = ({ ip, mac }: { ip: string; mac: string }) => ({
      ethernet: { source: mac },
      arp: { sender: { mac, ip }, target: { ip } },
    })
    const starting = async (name: Name, act: () => Promise<unknown>) => {
      const all = await announces()
      return look.capture('docker0', {
        filter: 'arp',
        while: async () => {
          await act()
          await read(name)
        },
        ...(all && { until: frames => frames.filter(frame => shows(frame, announced(known[name]))).length >= 3 }),
        patienceMs: 15_000,
      })
    }
    const request = { icmp: { type: 'echo-request' } }
    const reply = { icmp: { type: 'echo-reply' } }

    step('a port’s own MAC is in the FDB for good; a container’s is there once it has sent something', async () => {
      for (const name of names) {
        await starting(name, async () => {
          await $`docker run -d --name ${name} nginx:alpine`
          defer`docker rm -f ${name}`
        })
        const port = await look.link(known[name].port)
        await expect(look.fdb('docker0')).to.show({ mac: port?.mac, link: port?.name, state: 'permanent' })
        expect({ same: known[name].mac === port?.mac }).to.deep.equal({ same: false })
      }
      await forget()
      // Whom docker0 has answered it asks again after 5 s, and the answer would teach it what it is to forget by then.
      await $`ip neigh replace ${one.ip} lladdr ${one.mac} nud permanent dev docker0`
      defer`ip neigh del ${one.ip} dev docker0`
      await expect(look.neighbours('docker0')).to.show({ address: one.ip, mac: one.mac, state: 'PERMANENT' })
      await ping('one', '172.17.0.1')
      await expect(look.fdb('docker0')).to.show({ mac: one.mac, link: one.port, state: 'learned' })
      await expect(look.fdb('docker0')).not.to.show({ mac: two.mac })
    })

    step('who has an address is asked of all; the answer goes to who asked', async () => {
      await expect(inside('one').neighbours('eth0')).not.to.show({ address: two.ip })
      const frames = await look.capture([one.port, two.port, three.port], {
        filter: 'arp',
        while: () => ping('one', two.ip),
      })
      const question = { arp: { operation: 'request', sender: { mac: one.mac }, target: { ip: two.ip } } }
      const answer = { arp: { operation: 'reply', sender: { mac: two.mac, ip: two.ip }, target: { mac: one.mac } } }
      for (const at of [two.port, three.port]) {
        await expect(frames).to.have.frame({ at, ethernet: { destination: 'ff:ff:ff:ff:ff:ff' }, ...question })
      }
      await expect(frames).not.to.have.frame(
        { at: three.port, ...answer },
        { witness: { at: one.port, ethernet: { destination: one.mac }, ...answer } },
      )
      await expect(inside('one').neighbours('eth0')).to.show({ address: two.ip, mac: two.mac })
    })

    step('both were learned by that, and what they say from then on nobody else hears', async () => {
      await expect(look.fdb('docker0')).to.show({ mac: one.mac, link: one.port, state: 'learned' })
      await expect(look.fdb('docker0')).to.show({ mac: two.mac, link: two.port, state: 'learned' })
      const frames = await look.capture([one.port, two.port, three.port], {
        filter: 'icmp',
        while: () => ping('one', two.ip),
      })
      await expect(frames).not.to.have.frame({ at: three.port }, { witness: { at: two.port, ...request } })
      await expect(frames).not.to.have.frame({ at: three.port }, { witness: { at: one.port, ...reply } })
    })

    step('a MAC that docker0 has forgotten is sought behind all ports, once: the reply teaches it', async () => {
      // Were they to ask for each other again, the questions would teach it first.
      for (const [name, to] of [
        ['one', two],
        ['two', one],
      ] as const) {
        await $`nsenter -t ${known[name].pid} -n ip neigh replace ${to.ip} lladdr ${to.mac} nud permanent dev eth0`
        await expect(inside(name).neighbours('eth0')).to.show({ address: to.ip, mac: to.mac, state: 'PERMANENT' })
      }
      await forget()
      const points = [one.port, two.port, three.port]
      const first = await look.capture(points, { filter: 'icmp', while: () => ping('one', two.ip) })
      await expect(first).to.have.frame({ at: three.port, ethernet: { destination: two.mac }, ...request })
      await expect(first).not.to.have.frame({ at: three.port, ...reply }, { witness: { at: one.port, ...reply } })
      const second = await look.capture(points, { filter: 'icmp', while: () => ping('one', two.ip) })
      await expect(second).not.to.have.frame({ at: three.port }, { witness: { at: two.port, ...request } })
    })

    step('a port can be spared what is flooded', async () => {
      await $`bridge link set dev ${three.port} flood off`
      await expect(look.ports('docker0')).to.show({ name: three.port, flood: false })
      await forget()
      const frames = await look.capture([two.port, three.port], { filter: 'icmp', while: () => ping('one', two.ip) })
      await expect(frames).not.to.have.frame({ at: three.port }, { witness: { at: two.port, ...request } })
      await $`bridge link set dev ${three.port} flood on`
      await expect(look.ports('docker0')).to.show({ name: three.port, flood: true })
    })

    step('what is not heard of is forgotten: after 300 s, or as long as one says', async () => {
      await ageing(30000)
      await ping('one', two.ip)
      await expect(look.fdb('docker0')).to.show({ mac: two.mac, state: 'learned' })
      await $`ip link set docker0 type bridge ageing_time 100`
      defer`ip link set docker0 type bridge ageing_time 30000`
      await ageing(100)
      await expect(look.fdb('docker0')).not.to.show({ mac: two.mac })
      const port = await look.link(two.port)
      await expect(look.fdb('docker0')).to.show({ mac: port?.mac, state: 'permanent' })
      const frames = await look.capture(three.port, { filter: 'icmp', while: () => ping('one', two.ip) })
      await expect(frames).to.have.frame({ ethernet: { destination: two.mac }, ...request })
    })

    step('with an age of 0 nothing is learned: docker0 is a hub, and all hear all', async () => {
      await $`ip link set docker0 type bridge ageing_time 0`
      await ageing(0)
      // What was learned until then is forgotten at once.
      for (const { mac } of [one, two]) await expect(look.fdb('docker0')).not.to.show({ mac })
      const points = [two.port, three.port]
      for (const _round of [1, 2]) {
        const frames = await look.capture(points, { filter: 'icmp', while: () => ping('one', two.ip) })
        await expect(frames).to.have.frame({ at: three.port, ethernet: { destination: two.mac }, ...request })
        await expect(frames).to.have.frame({ at: three.port, ethernet: { destination: one.mac }, ...reply })
      }
      await expect(look.fdb('docker0')).not.to.show({ mac: two.mac })
      await $`ip link set docker0 type bridge ageing_time 30000`
      await ageing(30000)
    })

    step('the frames for a MAC go to who sent with it last, whoever that is', async () => {
      await ping('one', two.ip)
      await expect(look.fdb('docker0')).to.show({ mac: two.mac, link: two.port })
      await $`nsenter -t ${three.pid} -n sysctl -w net.ipv4.ip_forward=0`
      await expect(inside('three').sysctl('net.ipv4.ip_forward')).to.show('0')
      await $`nsenter -t ${three.pid} -n ip link set eth0 address ${two.mac}`
      await expect(inside('three').link('eth0')).to.show({ mac: two.mac })
      await ping('three', '172.17.0.1')
      await expect(look.fdb('docker0')).to.show({ mac: two.mac, link: three.port, state: 'learned' })
      await expect(look.fdb('docker0')).not.to.show({ mac: two.mac, link: two.port })
      const frames = await look.capture([two.port, three.port], {
        filter: 'icmp',
        while: () => ping('one', two.ip).nothrow(),
      })
      await expect(frames).not.to.have.frame({ at: two.port }, { witness: { at: three.port, ...request } })

      await ping('two', '172.17.0.1')
      await expect(look.fdb('docker0')).to.show({ mac: two.mac, link: two.port })
      await expect(inside('one').ping(two.ip)).to.answer()
      await $`nsenter -t ${three.pid} -n ip link set eth0 address ${three.mac}`
      await expect(inside('three').link('eth0')).to.show({ mac: three.mac })
    })

    step('with a container its port goes, and with the port all that was learned there', async () => {
      await expect(look.fdb('docker0')).to.show({ mac: two.mac, link: two.port })
      await $`docker rm -f two`
      await expect(look.link(two.port)).to.be.absent()
      await expect(look.fdb('docker0')).not.to.show({ link: two.port })
      await expect(look.fdb('docker0')).not.to.show({ mac: two.mac })
    })

    step(
      'its neighbours believe on; the next container of its address has its MAC too, or says that it has not',
      {
        changed: [
          {
            since: 28,
            of: 'addresses and links',
            says: 'A container that starts tells its neighbours of its MAC, by three ARP requests for itself a second apart; before, it told nobody',
          },
        ],
      },
      async () => {
        await $`nsenter -t ${one.pid} -n ip neigh replace ${two.ip} lladdr ${two.mac} nud stale dev eth0`
        await expect(inside('one').neighbours('eth0')).to.show({ address: two.ip, mac: two.mac, state: 'STALE' })
        const before = { ...two }
        const frames = await starting('two', async () => {
          await $`docker run -d --name two nginx:alpine`
          defer`docker rm -f two`
          await expect(look.ports('docker0')).to.show(names.map(() => ({ state: 'forwarding' })))
          await ping('two', '172.17.0.1')
        })
        expect(two.ip).to.equal(before.ip)
        // It asks for docker0, or answers it, whichever of the two is first to ask.
        const witness = { arp: { sender: { ip: two.ip }, target: { ip: '172.17.0.1' } } }
        const saysSo = await announces()
        expect({ anotherMac: two.mac !== before.mac }).to.deep.equal({ anotherMac: saysSo })
        if (saysSo) {
          await expect(frames).to.have.frame(announced(two), { times: 3 })
        } else {
          // It is made of the address: 02:42, and the four octets.
          expect(two.mac).to.match(/^02:42:ac:11:/)
          await expect(frames).not.to.have.frame(announced(two), { witness })
        }
        await expect(inside('one').neighbours('eth0')).to.show({ address: two.ip, mac: two.mac })
        await expect(inside('one').ping(two.ip)).to.answer()
      },
    )

    step(
      'a MAC that was changed by hand is announced by nobody: as long as neighbours believe the old one, nobody answers',
      async () => {
        const other = '02:00:00:00:00:02'
        await $`nsenter -t ${two.pid} -n ip link set eth0 address ${other}`
        await expect(inside('two').link('eth0')).to.show({ mac: other })
        await $`nsenter -t ${one.pid} -n ip neigh replace ${two.ip} lladdr ${two.mac} nud permanent dev eth0`
        await expect(inside('one').neighbours('eth0')).to.show({
          address: two.ip,
          mac: two.mac,
          state: 'PERMANENT',
        })
        await expect(inside('one').ping(two.ip)).not.to.answer({
          capture: act => look.capture(two.port, { while: act }),
          frame: { ethernet: { destination: two.mac }, ...request },
        })
        await $`nsenter -t ${one.pid} -n ip neigh del ${two.ip} dev eth0`
        await expect(inside('one').neighbours('eth0')).not.to.show({ address: two.ip, mac: two.mac })
        await expect(inside('one').ping(two.ip)).to.answer()
        await expect(inside('one').neighbours('eth0')).to.show({ address: two.ip, mac: other })
      },
    )
  },
)
