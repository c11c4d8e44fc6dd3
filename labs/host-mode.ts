import { isFalse, lab } from '../harness/index.ts'

const topology = `
  outside               guest, and hosted in it                     bridged
 +---------------+     +--------------------------------------+    +------------+
 |               |     |  nginx of hosted on :80              |    | nginx :80  |
 |  203.0.113.1  o-----o eth0 203.0.113.2    docker0        o-+----+-o eth0     |
 |               |     |  a service on 127.0.0.1:4001         |    | 172.17…    |
 +---------------+     +--------------------------------------+    +------------+
`

export default lab(
  {
    title: 'Mode host: a container that is nowhere else',
    document: '003_d09263ab2e1021ee',
    finds:
      'it is not isolated from the guest’s network but in it, with all that listens on 127.0.0.1; no rule and no bridge is passed, which shows in the time',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const outside = look.in({ netns: 'outside' })
    const hosted = look.in({ container: 'hosted' })
    const nat = look.iptables({ table: 'nat' })
    const bridged = { address: '' }

    /** The quickest of many echoes, in ms: what the way costs at least, whatever else the machine has to do. */
    const quickest = async (from: string, to: string) => {
      const { stdout } = await $`docker exec ${from} ping -q -f -c 300 ${to}`
      return Number(/^rtt min[^=]*= ([\d.]+)\//m.exec(stdout)?.[1])
    }

    step(
      'it is in the guest’s own netns: the same links, the same addresses, none of its own',
      { covers: ['S001-02', 'S003-02', 'S004-17'] },
      async () => {
        await $`docker run -d --name hosted --net host nginx:alpine`
        defer`docker rm -f hosted`
        await $`docker run -d --name bridged nginx:alpine`
        defer`docker rm -f bridged`
        bridged.address = (await look.container('bridged'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
        // As /proc shows them, so that they are known for inodes.
        const netnsOf = async (place: typeof look) => `net:[${(await place.peer('lo'))?.netns}]`
        expect(await netnsOf(hosted)).to.equal(await netnsOf(look))
        expect(await netnsOf(look.in({ container: 'bridged' }))).not.to.equal(await netnsOf(look))
        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }])
        const { stdout } = await $`docker exec hosted ip addr`
        for (const { name, addresses } of await look.links()) {
          await expect(stdout).to.print(new RegExp(`^\\d+: ${name}[:@]`, 'm'))
          for (const address of addresses.filter(one => one.includes('.')))
            await expect(stdout).to.print(`inet ${address}`)
        }
        await expect(look.container('hosted')).to.show({
          HostConfig: { NetworkMode: 'host' },
          NetworkSettings: { Networks: { host: { IPAddress: '' } } },
        })
      },
    )

    step(
      'what listens in it listens on the guest’s addresses, and no packet is forwarded or rewritten',
      { covers: ['S003-02', 'S004-17', 'S004-18'] },
      async () => {
        await expect(look.sockets()).to.show({ protocol: 'tcp', address: '0.0.0.0', port: 80, process: 'nginx' })
        await expect(outside.http('http://203.0.113.2')).to.show({ status: 200, seenFrom: { address: '203.0.113.1' } })
        const frames = await look.capture(['eth0', 'docker0'], {
          filter: 'tcp',
          while: () => $`ip netns exec outside curl -s 203.0.113.2`,
        })
        await expect(frames).not.to.have.frame(
          { at: 'docker0' },
          { witness: { at: 'eth0', ip: { destination: '203.0.113.2' }, tcp: { destinationPort: 80, flags: ['SYN'] } } },
        )
        await expect(look.conntrack({ filter: ['-p', 'tcp', '--dport', '80'] })).to.show({
          original: { source: '203.0.113.1', destination: '203.0.113.2', destinationPort: 80 },
          reply: { source: '203.0.113.2', sourcePort: 80, destination: '203.0.113.1' },
        })
        // On its way out it has nothing that would have to be masqueraded.
        const masquerade = '-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE'
        await expect(nat).to.have.rule(masquerade)
        await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
        await expect(nat).to.use(masquerade, { while: () => $`docker exec bridged ping -c 1 203.0.113.1` })
        await expect(nat).not.to.use(masquerade, { while: () => $`docker exec hosted ping -c 1 203.0.113.1` })
      },
    )

    step('two of them meet on localhost, like any processes of the guest', { covers: ['S003-02'] }, async () => {
      const { stdout } = await $`docker run --rm --net host centos curl -s http://localhost`
      await expect(stdout).to.print('Welcome to nginx!')
      const { stdout: asGuest } = await $`curl -s http://localhost`
      expect(asGuest).to.equal(stdout)
    })

    step(
      'so one port is for one: neither the guest nor a second container gets it',
      { covers: ['S001-02', 'S003-02', 'S004-18'] },
      async () => {
        const taken = await $`nc -l 80`.nothrow()
        expect(taken.exitCode).to.equal(1)
        await expect(taken.stderr).to.print('Address already in use')
        await $`docker run -d --name second --net host nginx:alpine`
        defer`docker rm -f second`
        const { stdout } = await $`docker wait second`
        expect(stdout.trim()).to.equal('1')
        const { stderr } = await $`docker logs second`
        await expect(stderr).to.print(/bind\(\) to 0\.0\.0\.0:80 failed \(98: Address already in use\)/)
        // In mode bridge each has a port 80.
        await expect(look.http(`http://${bridged.address}`)).to.answer()
      },
    )

    step(
      'what one changes, all have: an address set in a container is the guest’s',
      { covers: ['S003-02'] },
      async () => {
        await $`docker run --rm --net host --cap-add NET_ADMIN centos ip addr add 192.0.2.9/32 dev lo`
        defer`ip addr del 192.0.2.9/32 dev lo`
        await expect(look.link('lo')).to.have.address('192.0.2.9/32')
        const { stdout } = await $`docker exec hosted ip addr show dev lo`
        await expect(stdout).to.print('inet 192.0.2.9/32')
      },
    )

    step(
      'it is not isolated from the guest’s network: even what listens on 127.0.0.1 is open to it',
      {
        covers: [
          isFalse('S004-17', 'it is not isolated from the guest’s network but in it, as any process of the guest'),
          'S004-18',
        ],
      },
      async () => {
        const service = $`nc -lk 127.0.0.1 4001`.nothrow()
        defer(() => service.kill())
        await expect(look.sockets()).to.show({ protocol: 'tcp', address: '127.0.0.1', port: 4001 })
        await $`docker exec hosted bash -c '</dev/tcp/127.0.0.1/4001'`
        // One of mode bridge has a 127.0.0.1 of its own, and at the guest's other addresses it is not to be had.
        const own = await $`docker exec bridged bash -c '</dev/tcp/127.0.0.1/4001'`.nothrow()
        await expect(own.stderr).to.print('Connection refused')
        await expect(look.in({ container: 'bridged' }).tcp('172.17.0.1', 4001)).not.to.answer({
          capture: act => look.capture('docker0', { while: act }),
          frame: { ip: { destination: '172.17.0.1' }, tcp: { destinationPort: 4001, flags: ['SYN'] } },
        })
      },
    )

    step(
      'it is quicker: out of the guest, and from container to container',
      { covers: ['S003-02', 'S004-18'] },
      async () => {
        await $`docker run -d --name neighbour nginx:alpine`
        defer`docker rm -f neighbour`
        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }, { state: 'forwarding' }])
        const neighbour = (await look.container('neighbour'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
        const out = { host: [] as number[], bridge: [] as number[] }
        const among = { host: [] as number[], bridge: [] as number[] }
        for (let round = 0; round < 3; round++) {
          out.host.push(await quickest('hosted', '203.0.113.1'))
          out.bridge.push(await quickest('bridged', '203.0.113.1'))
          among.host.push(await quickest('hosted', '203.0.113.2'))
          among.bridge.push(await quickest('bridged', neighbour))
        }
        for (const [way, times] of Object.entries({ 'out of the guest': out, 'to another container': among })) {
          const [host, bridge] = [Math.min(...times.host), Math.min(...times.bridge)]
          const echo = {
            title: `the quickest echo ${way}`,
            take: async () => ({ host, bridge, quicker: host < bridge }),
          }
          await expect(echo).to.show({ host: Number.isFinite, bridge: Number.isFinite, quicker: true })
        }
      },
    )

    step('a port that is published means nothing to it (the document does not say so)', async () => {
      const { stderr } = await $`docker run -d --name published --net host -p 8088:80 busybox sleep 600`
      defer`docker rm -f published`
      await expect(stderr).to.print('Published ports are discarded when using host network mode')
      await expect(look.container('published')).to.show({
        HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8088' }] } },
        NetworkSettings: { Ports: (ports: object) => Object.keys(ports).length === 0 },
      })
      const { stdout } = await $`docker exec published netstat -ltn`
      await expect(stdout).to.print(/0\.0\.0\.0:80 /)
      await expect(stdout).not.to.print(':8088 ')
    })
  },
)
