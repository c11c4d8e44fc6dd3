import { lab } from '../harness/index.ts'

const topology = `
  neighbour                       guest                        container web
 +---------------------+         +------------------------+   +--------------+
 | 198.51.100.1        o---------o lan1 198.51.100.2      |   |              |
 | route 127.0.0.1     |         |                docker0 o---o nginx on :80 |
 |   by 198.51.100.2   |         | lo 127.0.0.1:8080      |   | 172.17.0.2   |
 +---------------------+         |    127.0.0.1:9000      |   |              |
                                 +------------------------+   +--------------+
`

export default lab(
  {
    title: 'Published on 127.0.0.1: who gets in all the same',
    document: null,
    finds:
      'up to engine 26 a neighbour on the LAN does, by a route of its own to 127.0.0.1 or to the container, as DNAT comes before the kernel’s own guard; since 28 rules of table raw drop both; other containers get in on all',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const neighbour = look.in({ netns: 'neighbour' })
    const web = { address: '' }
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const dnat = () =>
      `-t nat -A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination ${web.address}:80`
    const guard = '-t raw -A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp --dport 8080 -j DROP'
    // The SYN has come in by lan1: whatever becomes of it is the guest's doing.
    const asked = (destination: string, destinationPort: number) => ({
      capture: (act: () => Promise<unknown>) => look.capture('lan1', { while: act }),
      frame: { ip: { source: '198.51.100.1', destination }, tcp: { destinationPort, flags: ['SYN'] } },
    })
    const once = (host: string, port: number) => () => neighbour.tcp(host, port, { timeoutS: 1 }).take()

    step('a neighbour sends what is for 127.0.0.1 to the guest: two rules and a setting of its own do it', async () => {
      await $`ip netns add neighbour`
      defer`ip netns del neighbour`
      await $`ip link add lan1 type veth peer name eth1`
      defer`ip link del lan1`
      await $`ip link set eth1 netns neighbour`
      await $`ip addr add 198.51.100.2/24 dev lan1`
      await $`ip link set lan1 up`
      await $`ip -n neighbour addr add 198.51.100.1/24 dev eth1`
      await $`ip -n neighbour link set lo up`
      await $`ip -n neighbour link set eth1 up`
      await expect(look.link('lan1')).to.have.address('198.51.100.2/24')
      await expect(neighbour.link('eth1')).to.have.address('198.51.100.1/24')
      for (const link of ['lo', 'eth1']) await expect(neighbour.link(link)).to.be.up()
      await expect(neighbour.ping('198.51.100.2')).to.answer()
      // Its own kernel must not take 127.0.0.1 for itself, nor a reply from there for forged.
      await $`ip netns exec neighbour sysctl -w net.ipv4.conf.all.route_localnet=1`
      await expect(neighbour.sysctl('net.ipv4.conf.all.route_localnet')).to.show('1')
      await $`ip -n neighbour rule add pref 20 lookup local`
      await $`ip -n neighbour rule del pref 0 lookup local`
      await $`ip -n neighbour rule add pref 10 to 127.0.0.1 lookup main`
      await $`ip -n neighbour route add 127.0.0.1/32 via 198.51.100.2`
      const rules = await $`ip -n neighbour rule`
      await expect(rules.stdout).to.print(/^10:\s+from all to 127\.0\.0\.1 lookup main\s*$/m)
      await expect(rules.stdout).to.print(/^20:\s+from all lookup local\s*$/m)
      await expect(neighbour.routes()).to.show({ destination: '127.0.0.1', gateway: '198.51.100.2' })
      const { stdout } = await $`ip -n neighbour route get 127.0.0.1`
      await expect(stdout).to.print('127.0.0.1 via 198.51.100.2 dev eth1 src 198.51.100.1')
    })

    step('a port published on 127.0.0.1 answers there, and the guest’s other addresses refuse', async () => {
      await $`docker run -d --name web -p 127.0.0.1:8080:80 nginx:alpine`
      defer`docker rm -f web`
      const published = { '80/tcp': { HostIp: '127.0.0.1', HostPort: '8080' } }
      await expect(look.container('web')).to.show({ HostConfig: { PortBindings: published } })
      web.address = (await look.container('web'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
      await expect(look.bridgeBehind('web')).to.show('docker0')
      await expect(look.iptables()).to.have.ruleBefore('-t nat -A DOCKER -i docker0 -j RETURN', dnat())
      await expect(look.iptables()).to.have.rule(
        `-t filter -A DOCKER -d ${web.address}/32 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT`,
      )
      await expect(look.in({ container: 'web' }).ping('198.51.100.1')).to.answer()
      await expect(look.http('http://127.0.0.1:8080')).to.answer()
      await expect(neighbour.tcp('198.51.100.2', 8080)).not.to.answer(asked('198.51.100.2', 8080))
      await expect(neighbour.tcp('198.51.100.2', 8080)).to.show({ error: 'Connection refused' })
    })

    step(
      'a program of the guest that listens on 127.0.0.1 is safe: the kernel routes nothing there from a link',
      async () => {
        for (const link of ['all', 'lan1'])
          await expect(look.sysctl(`net.ipv4.conf.${link}.route_localnet`)).to.show('0')
        const program = $`timeout 60 nc -n -k -l 127.0.0.1 9000`.nothrow()
        await expect(look.tcp('127.0.0.1', 9000)).to.answer()
        await expect(neighbour.tcp('127.0.0.1', 9000)).not.to.answer(asked('127.0.0.1', 9000))
        // With that setting it is not.
        await $`sysctl -w net.ipv4.conf.lan1.route_localnet=1`
        defer`sysctl -w net.ipv4.conf.lan1.route_localnet=0`
        await expect(look.sysctl('net.ipv4.conf.lan1.route_localnet')).to.show('1')
        await expect(neighbour.tcp('127.0.0.1', 9000)).to.answer()
        await $`sysctl -w net.ipv4.conf.lan1.route_localnet=0`
        await expect(look.sysctl('net.ipv4.conf.lan1.route_localnet')).to.show('0')
        await program.kill()
      },
    )

    step(
      'the published port is not up to engine 26: DNAT comes before routing; since 28 table raw drops it',
      {
        changed: [
          {
            since: 28,
            of: 'published ports',
            says: 'What is published on 127.0.0.1 has a rule in table raw that drops whatever does not come by lo; before, a neighbour on the LAN reached it by a route of its own',
          },
        ],
      },
      async () => {
        // Its source is genuine, so that the filter for forged ones finds nothing.
        await $`sysctl -w net.ipv4.conf.lan1.rp_filter=1`
        defer`sysctl -w net.ipv4.conf.lan1.rp_filter=0`
        await expect(look.sysctl('net.ipv4.conf.lan1.rp_filter')).to.show('1')
        if ((await major()) >= 28) {
          await expect(look.iptables({ table: 'raw' })).to.use(guard, { while: once('127.0.0.1', 8080) })
          await expect(neighbour.tcp('127.0.0.1', 8080)).not.to.answer(asked('127.0.0.1', 8080))
          // It is this rule that does it: without it the container is open.
          await $`iptables -t raw -D PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp --dport 8080 -j DROP`
          defer`iptables -t raw -A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp --dport 8080 -j DROP`
        } else {
          await expect(look.iptables()).not.to.have.rule(guard)
        }
        await expect(look.iptables({ table: 'nat' })).to.use(dnat(), {
          times: 1,
          while: async () => {
            const frames = await look.capture(['lan1', 'docker0'], {
              filter: 'tcp',
              while: () => $`ip netns exec neighbour curl -s -m 3 127.0.0.1:8080`,
            })
            const syn = { source: '198.51.100.1' }
            await expect(frames).to.have.rewrite({
              from: { at: 'lan1', ip: { ...syn, destination: '127.0.0.1' }, tcp: { destinationPort: 8080 } },
              to: { at: 'docker0', ip: { ...syn, destination: web.address }, tcp: { destinationPort: 80 } },
            })
          },
        })
        await expect(neighbour.http('http://127.0.0.1:8080')).to.show({
          status: 200,
          seenFrom: { address: '198.51.100.1' },
        })
      },
    )

    step(
      'a rule in raw, where DNAT has not been yet, shuts it; so does one in DOCKER-USER that asks conntrack',
      async () => {
        const byDestination = '-t filter -A DOCKER-USER -d 127.0.0.0/8 -j DROP'
        const byOrigin = '-t filter -A DOCKER-USER -m conntrack --ctorigdst 127.0.0.0/8 -j DROP'
        const beforeDnat = '-t raw -A PREROUTING -d 127.0.0.0/8 ! -i lo -j DROP'
        await expect(neighbour.http('http://127.0.0.1:8080')).to.answer()
        await expect(look.iptables({ table: 'filter' })).to.have.rule('-A FORWARD -j DOCKER-USER', { position: 1 })
        // By its destination DOCKER-USER knows the packet no more.
        await $`iptables -I DOCKER-USER -d 127.0.0.0/8 -j DROP`
        defer`iptables -D DOCKER-USER -d 127.0.0.0/8 -j DROP`
        await expect(look.iptables({ table: 'filter' })).to.have.rule(byDestination, { position: 1 })
        await expect(look.iptables({ table: 'filter' })).not.to.use(byDestination, {
          while: () => expect(neighbour.http('http://127.0.0.1:8080')).to.answer(),
        })
        await $`iptables -I DOCKER-USER -m conntrack --ctorigdst 127.0.0.0/8 -j DROP`
        defer`iptables -D DOCKER-USER -m conntrack --ctorigdst 127.0.0.0/8 -j DROP`
        await expect(look.iptables({ table: 'filter' })).to.have.rule(byOrigin, { position: 1 })
        await expect(neighbour.tcp('127.0.0.1', 8080)).not.to.answer(asked('127.0.0.1', 8080))
        await $`iptables -D DOCKER-USER -m conntrack --ctorigdst 127.0.0.0/8 -j DROP`
        await expect(look.iptables({ table: 'filter' })).not.to.have.rule(byOrigin)
        await expect(neighbour.http('http://127.0.0.1:8080')).to.answer()
        await $`iptables -t raw -I PREROUTING -d 127.0.0.0/8 ! -i lo -j DROP`
        defer`iptables -t raw -D PREROUTING -d 127.0.0.0/8 ! -i lo -j DROP`
        await expect(look.iptables({ table: 'raw' })).to.have.rule(beforeDnat, { position: 1 })
        await expect(neighbour.tcp('127.0.0.1', 8080)).not.to.answer(asked('127.0.0.1', 8080))
        // The guest itself comes by lo.
        await expect(look.http('http://127.0.0.1:8080')).to.answer()
      },
    )

    step(
      'nor does 127.0.0.1 hide the container’s own address: up to engine 26 a route to it is enough',
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
        await $`ip -n neighbour route add 172.17.0.0/16 via 198.51.100.2`
        await expect(neighbour.routes()).to.show({ destination: '172.17.0.0/16', gateway: '198.51.100.2' })
        if ((await major()) >= 28) {
          await expect(look.iptables({ table: 'raw' })).to.use(
            `-t raw -A PREROUTING -d ${web.address}/32 ! -i docker0 -j DROP`,
            { while: once(web.address, 80) },
          )
          await expect(neighbour.tcp(web.address, 80)).not.to.answer(asked(web.address, 80))
        } else {
          // The rule that lets published requests through knows the container’s address and port only.
          await expect(look.iptables({ table: 'filter' })).to.use(
            `-t filter -A DOCKER -d ${web.address}/32 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT`,
            { while: once(web.address, 80) },
          )
          await expect(neighbour.http(`http://${web.address}`)).to.show({ seenFrom: { address: '198.51.100.1' } })
        }
        // What it does not publish is shut on all.
        const other = $`timeout 60 nsenter -t ${(await look.container('web'))?.State.Pid} -n nc -n -k -l 9000`.nothrow()
        await expect(look.tcp(web.address, 9000)).to.answer()
        await expect(neighbour.tcp(web.address, 9000)).not.to.answer(asked(web.address, 9000))
        await other.kill()
      },
    )

    step('other containers reach it at its address, though not at the guest’s', async () => {
      await $`docker run -itd --name near centos`
      defer`docker rm -f near`
      await expect(look.bridgeBehind('near')).to.show('docker0')
      const near = look.in({ container: 'near' })
      await expect(near.http(`http://${web.address}`)).to.answer()
      await expect(near.tcp('172.17.0.1', 8080)).to.show({ connected: false, error: 'Connection refused' })
    })
  },
)
