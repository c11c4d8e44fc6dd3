import { lab } from '../harness/index.ts'

const topology = `
  outside               guest                               web  (network dual)
 +---------------+     +-------------------------------+   +-------------------+
 | 2001:db8::1   o-----o eth0 2001:db8::2        br-…  o---o 2001:db8:1::2     |
 |               |     |      2001:db8:1::1, 172.x.0.1 |   | 172.x.0.2         |
 | 2001:db8:1::  |     +-------------------------------+   | :80 is published, |
 |  when asked   |                                         | :9000 is not      |
 +---------------+                                         +-------------------+
`

export default lab(
  {
    title: 'A network of both families: what holds for IPv6',
    document: null,
    finds:
      'up to engine 26 IPv6 has no rules at all: nothing is masqueraded, the userland proxy publishes, and who has a route reaches every port; with --ip6tables, which is the default since, it is as with IPv4. The first such network switches forwarding on',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const outside = look.in({ netns: 'outside' })
    const web = look.in({ container: 'web' })
    const address = '2001:db8:1::2'
    const ip6tables = look.iptables({ family: 'inet6' })
    const key = 'net.ipv6.conf.all.forwarding'
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const bridge = async () => await look.bridge('dual')
    const asked = (destination: string, destinationPort: number) => ({
      capture: (act: () => Promise<unknown>) => look.capture('eth0', { while: act }),
      frame: { ip: { source: '2001:db8::1', destination }, tcp: { destinationPort, flags: ['SYN'] } },
    })
    const published = { HostConfig: { PortBindings: { '80/tcp': { HostPort: '8080' } } } }
    const serveIPv6 = async () => {
      // The image's server listens at IPv4 only.
      await $`docker exec web sed -i 's/listen 80;/listen 80; listen [::]:80;/' /etc/nginx/conf.d/default.conf`
      await $`docker exec web nginx -s reload`
      await expect(web.sockets()).to.show({ protocol: 'tcp', address: '::', port: 80 })
    }

    step('guest and outside have addresses of IPv6; the guest forwards none of it', async () => {
      await $`ip addr add 2001:db8::2/64 dev eth0 nodad`
      defer`ip addr del 2001:db8::2/64 dev eth0`
      await $`ip -n outside addr add 2001:db8::1/64 dev lan0 nodad`
      defer`ip -n outside addr del 2001:db8::1/64 dev lan0`
      await expect(look.link('eth0')).to.have.address('2001:db8::2/64')
      await expect(outside.link('lan0')).to.have.address('2001:db8::1/64')
      await expect(look.ping('2001:db8::1')).to.answer()
      await expect(look.sysctl(key)).to.show('0')
      await expect(ip6tables).to.have.policy('filter', 'FORWARD', 'ACCEPT')
    })

    step(
      'the engine finds a subnet for IPv6 itself since 28; before, it refuses',
      {
        changed: [
          {
            since: 28,
            of: 'IPv6',
            says: 'A network of IPv6 needs no subnet: the engine finds one of fd00::/8; before, it refused',
          },
        ],
      },
      async () => {
        const made = await $`docker network create --ipv6 auto`.nothrow()
        if ((await major()) >= 28) {
          defer`docker network rm auto`
          // Drawn from the engine's id, so another each time.
          await expect(look.network('auto')).to.show({ IPAM: { Config: { Subnet: /^fd[0-9a-f:]+::\/64$/ } } })
          await $`docker network rm auto`
          // What the first network of IPv6 changes for the guest; see the next step.
          await $`sysctl -w net.ipv6.conf.all.forwarding=0`
          await $`ip6tables -P FORWARD ACCEPT`
        } else {
          await expect(made.stderr).to.print('could not find an available, non-overlapping IPv6 address pool')
        }
        await expect(look.sysctl(key)).to.show('0')
        await expect(ip6tables).to.have.policy('filter', 'FORWARD', 'ACCEPT')
      },
    )

    step(
      'a network with a subnet of IPv6 switches forwarding on; since 28 with the policy DROP',
      {
        changed: [
          {
            since: 28,
            of: 'IPv6',
            says: 'The first network of IPv6 that switches forwarding on sets the policy of FORWARD to DROP as well',
          },
        ],
      },
      async () => {
        await $`docker network create --ipv6 --subnet 2001:db8:1::/64 dual`
        defer`docker network rm dual`
        defer`sysctl -w net.ipv6.conf.all.forwarding=0`
        defer`ip6tables -P FORWARD ACCEPT`
        await expect(look.network('dual')).to.show({ EnableIPv6: true })
        await expect(look.link(await bridge())).to.have.address('2001:db8:1::1/64')
        for (const link of ['all', 'eth0']) await expect(look.sysctl(`net.ipv6.conf.${link}.forwarding`)).to.show('1')
        await expect(ip6tables).to.have.policy('filter', 'FORWARD', (await major()) >= 28 ? 'DROP' : 'ACCEPT')
      },
    )

    step('a container there has an address and a gateway of each family, and a name for both', async () => {
      await $`docker run -d --name web --net dual -p 8080:80 nginx:alpine`
      defer`docker rm -f web`
      await expect(look.container('web')).to.show(published)
      await $`docker run -itd --name near --net dual centos`
      defer`docker rm -f near`
      await expect(look.ports(await bridge())).to.show([{}, {}])
      await expect(web.link('eth0')).to.have.address(`${address}/64`)
      await expect(web.routes({ family: 'inet6' })).to.show({ destination: 'default', gateway: '2001:db8:1::1' })
      await expect(web.routes()).to.show({ destination: 'default' })
      const named = await $`docker exec near dig +short AAAA web`
      expect(named.stdout).to.equal(`${address}\n`)
      const older = await $`docker exec near dig +short A web`
      await expect(older.stdout).to.print(/^\d+\.\d+\.\d+\.\d+$/m)
      await serveIPv6()
      await expect(look.in({ container: 'near' }).ping(address)).to.answer()
      await expect(look.http(`http://[${address}]`)).to.answer()
    })

    step(
      'what leaves is masqueraded since 28; before, outside sees the container, and must know the way back',
      {
        changed: [
          {
            since: 28,
            of: 'IPv6',
            says: 'What leaves by IPv6 is masqueraded; before, it left with the container’s own address',
          },
        ],
      },
      async () => {
        const near = look.in({ container: 'near' })
        if ((await major()) >= 28) {
          const rule = `-t nat -A POSTROUTING -s 2001:db8:1::/64 ! -o ${await bridge()} -j MASQUERADE`
          await expect(ip6tables).to.use(rule, { while: () => near.ping('2001:db8::1').take() })
          const frames = await look.capture('eth0', { filter: 'icmp6', while: () => near.ping('2001:db8::1').take() })
          await expect(frames).to.have.frame({ ip: { source: '2001:db8::2' }, icmp: { type: 'echo-request' } })
          await expect(near.ping('2001:db8::1')).to.answer()
        } else {
          const found = (await look.container('near'))?.NetworkSettings.Networks.dual?.GlobalIPv6Address ?? ''
          await expect(near.ping('2001:db8::1')).not.to.answer({
            capture: act => look.capture({ on: 'lan0', in: { netns: 'outside' } }, { while: act }),
            frame: { ip: { source: found, destination: '2001:db8::1' }, icmp: { type: 'echo-request' } },
          })
        }
        await $`docker rm -f near`
        await expect(look.container('near')).to.be.absent()
      },
    )

    step(
      'a published port is rewritten since 28; before, the userland proxy answers and hides who asks',
      {
        changed: [
          {
            since: 28,
            of: 'IPv6',
            says: 'A port published on IPv6 is rewritten by DNAT, and the container sees who asks; before, the userland proxy answered',
          },
        ],
      },
      async () => {
        const dnat = `-t nat -A DOCKER ! -s fe80::/10 ! -i ${await bridge()} -p tcp --dport 8080 -j DNAT --to-destination [${address}]:80`
        const request = () => outside.http('http://[2001:db8::2]:8080').take()
        if ((await major()) >= 28) {
          await expect(ip6tables).to.use(dnat, { while: request })
          await expect(outside.http('http://[2001:db8::2]:8080')).to.show({ seenFrom: { address: '2001:db8::1' } })
        } else {
          await expect(ip6tables).not.to.have.rule(dnat)
          await expect(look.sockets()).to.show({ port: 8080, address: '::', process: 'docker-proxy' })
          await expect(outside.http('http://[2001:db8::2]:8080')).to.show({ seenFrom: { address: '2001:db8:1::1' } })
        }
      },
    )

    step(
      'up to 26 who has a route reaches every port of the container, published or not; since 28 none',
      {
        changed: [
          {
            since: 28,
            of: 'IPv6',
            says: 'Who has a route to a container’s IPv6 address is shut out; before, every port of it was open to them',
          },
        ],
      },
      async () => {
        await $`ip -n outside route add 2001:db8:1::/64 via 2001:db8::2`
        defer`ip -n outside route del 2001:db8:1::/64 via 2001:db8::2`
        await expect(outside.routes({ family: 'inet6' })).to.show({
          destination: '2001:db8:1::/64',
          gateway: '2001:db8::2',
        })
        const pid = (await look.container('web'))?.State.Pid
        const hidden = $`timeout 60 nsenter -t ${pid} -n nc -n -6 -k -l 9000`.nothrow()
        await expect(look.tcp(address, 9000)).to.answer()
        for (const port of [80, 9000]) {
          if ((await major()) >= 28) await expect(outside.tcp(address, port)).not.to.answer(asked(address, port))
          else await expect(outside.tcp(address, port)).to.answer()
        }
        await hidden.kill()
      },
    )

    step('with --ip6tables it is on all engines as with IPv4: rewritten, masqueraded, shut', async () => {
      await $`docker rm -f web`
      await $`docker network rm dual`
      await $`service docker stop`
      await expect(look.engine()).to.be.absent()
      await $`echo 'DOCKER_OPTS="--experimental --ip6tables"' >> /etc/default/docker`
      defer(async () => {
        await $`service docker stop`
        await $`sed -i '/--ip6tables/d' /etc/default/docker`
        // An engine without the option leaves alone what the one with it has made.
        for (const table of ['nat', 'filter']) await $`ip6tables -t ${table} -F && ip6tables -t ${table} -X`
        await $`service docker start`
        await expect(look.engine()).to.be.present()
      })
      await $`service docker start`
      await expect(look.engine()).to.be.present()
      await expect(look.processes('dockerd')).to.show({ command: / --experimental --ip6tables/ })
      await $`docker network create --ipv6 --subnet 2001:db8:1::/64 dual`
      defer`docker network rm dual`
      await expect(look.link(await bridge())).to.have.address('2001:db8:1::1/64')
      await $`docker run -d --name web --net dual -p 8080:80 nginx:alpine`
      defer`docker rm -f web`
      await expect(look.container('web')).to.show(published)
      await serveIPv6()
      await expect(outside.http('http://[2001:db8::2]:8080')).to.show({ seenFrom: { address: '2001:db8::1' } })
      const hidden =
        $`timeout 60 nsenter -t ${(await look.container('web'))?.State.Pid} -n nc -n -6 -k -l 9000`.nothrow()
      await expect(look.tcp(address, 9000)).to.answer()
      await expect(outside.tcp(address, 9000)).not.to.answer(asked(address, 9000))
      await hidden.kill()
      const frames = await look.capture('eth0', { filter: 'icmp6', while: () => web.ping('2001:db8::1').take() })
      await expect(frames).to.have.frame({ ip: { source: '2001:db8::2' }, icmp: { type: 'echo-request' } })
      await expect(web.ping('2001:db8::1')).to.answer()
    })
  },
)
