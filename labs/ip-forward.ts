import { differs, holds, lab } from '../harness/index.ts'

const topology = `
  outside               guest                              container test
 +---------------+     +------------------------------+   +---------------+
 |               |     |        ip_forward = 0        |   |               |
 | 203.0.113.1   o-----o eth0 203.0.113.2  X  docker0 o---o nginx on :80  |
 |               |     | :8088, here and on localhost |   |               |
 +---------------+     +------------------------------+   +---------------+
`

const key = 'net.ipv4.ip_forward'

export default lab(
  {
    title: 'Forwarding: what needs it, and who switches it on',
    document: '002_4055c2f40a7b121a',
    finds:
      'without it outside and containers are apart, but the guest and neighbours still reach a published port; the engine that switches it on also sets FORWARD to DROP, one that finds it on leaves ACCEPT; engine 28 switches it on with each new network',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const test = look.in({ container: 'test' })
    const outside = look.in({ netns: 'outside' })
    const address = { test: '' }
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const request = { ip: { destination: '114.114.114.114' }, icmp: { type: 'echo-request' } }
    const filter = look.iptables({ table: 'filter' })
    const stopped = async (forwarding: '0' | '1') => {
      await expect(look.engine()).to.be.absent()
      await expect(look.sysctl(key)).to.show(forwarding)
      await expect(filter).to.have.policy('filter', 'FORWARD', 'ACCEPT')
    }
    const syn = { ip: { destination: '203.0.113.2' }, tcp: { destinationPort: 8088, flags: ['SYN'] } }

    step('with the engine forwarding is on, for every link', { covers: ['S002-53'] }, async () => {
      const { stdout } = await $`sysctl net.ipv4.ip_forward`
      expect(stdout).to.equal('net.ipv4.ip_forward = 1\n')
      for (const link of ['eth0', 'docker0']) await expect(look.sysctl(`net.ipv4.conf.${link}.forwarding`)).to.show('1')
      await $`docker run --name test -d -p 8088:80 nginx:alpine`
      defer`docker rm -f test`
      address.test = (await look.container('test'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
      await expect(test.ping('114.114.114.114')).to.answer()
      await expect(outside.http('http://203.0.113.2:8088')).to.show({ seenFrom: { address: '203.0.113.1' } })
    })

    step('without it a container’s packets for outside end at docker0', { covers: ['S002-53'] }, async () => {
      await $`sysctl -w net.ipv4.ip_forward=0`
      defer`sysctl -w net.ipv4.ip_forward=1`
      await expect(look.sysctl(key)).to.show('0')
      await expect(test.ping('114.114.114.114')).not.to.answer({
        capture: act => look.capture('docker0', { while: act }),
        frame: { at: 'docker0', ...request },
      })
      const frames = await look.capture(['docker0', 'eth0'], {
        filter: 'icmp',
        while: () => test.ping('114.114.114.114').take(),
      })
      await expect(frames).not.to.have.frame({ at: 'eth0' }, { witness: { at: 'docker0', ...request } })
      // The guest itself forwards nothing when it asks.
      await expect(look.ping('114.114.114.114')).to.answer()
    })

    step(
      'and a published port cannot be reached from outside: what comes in is not passed on to docker0',
      { covers: ['S000-28'] },
      async () => {
        await expect(outside.tcp('203.0.113.2', 8088)).not.to.answer({
          capture: act => look.capture('eth0', { while: act }),
          frame: syn,
        })
        const frames = await look.capture(['eth0', 'docker0'], {
          filter: 'tcp',
          while: () => outside.tcp('203.0.113.2', 8088, { timeoutS: 1 }).take(),
        })
        await expect(frames).not.to.have.frame({ at: 'docker0' }, { witness: { at: 'eth0', ...syn } })
      },
    )

    step(
      'but the guest reaches it all the same, and so do containers: they need no forwarding',
      {
        covers: [
          differs('S000-28', 'only outside cannot reach it: the guest, its neighbours and the userland proxy still do'),
        ],
      },
      async () => {
        await expect(look.sysctl(key)).to.show('0')
        // By the proxy, and by the DNAT of OUTPUT: what the guest sends itself is not forwarded.
        await expect(look.http('http://127.0.0.1:8088')).to.show({ seenFrom: { address: '172.17.0.1' } })
        await expect(look.http('http://203.0.113.2:8088')).to.show({ seenFrom: { address: '203.0.113.2' } })
        await expect(look.http(`http://${address.test}`)).to.answer()
        await $`docker run -itd --name near centos`
        defer`docker rm -f near`
        await expect(look.ports('docker0')).to.show([{}, {}])
        const near = look.in({ container: 'near' })
        await expect(near.http(`http://${address.test}`)).to.show({ seenFrom: { address: /^172\.17\.0\.\d+$/ } })
        await expect(near.http('http://203.0.113.2:8088')).to.show({ seenFrom: { address: '172.17.0.1' } })
        await $`docker rm -f near`
        await expect(look.container('near')).to.be.absent()
      },
    )

    step('sysctl -w switches it on again, and both ways are open', { covers: ['S002-54', 'S002-53'] }, async () => {
      await expect(look.sysctl(key)).to.show('0')
      const { stdout } = await $`sysctl -w net.ipv4.ip_forward=1`
      expect(stdout).to.equal('net.ipv4.ip_forward = 1\n')
      await expect(look.sysctl(key)).to.show('1')
      await expect(test.ping('114.114.114.114')).to.answer()
      await expect(outside.http('http://203.0.113.2:8088')).to.show({ seenFrom: { address: '203.0.113.1' } })
    })

    step(
      'what counts is the link by which a packet comes in: with eth0 switched off requests leave, replies end',
      async () => {
        await $`sysctl -w net.ipv4.conf.eth0.forwarding=0`
        defer`sysctl -w net.ipv4.conf.eth0.forwarding=1`
        await expect(look.sysctl('net.ipv4.conf.eth0.forwarding')).to.show('0')
        // Nobody who asks for ip_forward is told.
        await expect(look.sysctl(key)).to.show('1')
        const frames = await look.capture(['docker0', 'eth0'], {
          filter: 'icmp',
          while: () => test.ping('114.114.114.114').take(),
        })
        const reply = { icmp: { type: 'echo-reply' } }
        await expect(frames).to.have.frame({ at: 'eth0', ...request })
        await expect(frames).not.to.have.frame({ at: 'docker0', ...reply }, { witness: { at: 'eth0', ...reply } })
        await $`sysctl -w net.ipv4.conf.eth0.forwarding=1`
        await expect(look.sysctl('net.ipv4.conf.eth0.forwarding')).to.show('1')
        await expect(test.ping('114.114.114.114')).to.answer()
      },
    )

    step(
      'a new network switches it on since engine 28; up to 26 only a start of the engine does',
      {
        changed: [
          {
            since: 28,
            of: 'forwarding and filtering',
            says: 'Each new network switches forwarding on; before, only a start of the engine did',
          },
        ],
      },
      async () => {
        await $`sysctl -w net.ipv4.ip_forward=0`
        await expect(look.sysctl(key)).to.show('0')
        await $`docker network create other`
        defer`docker network rm other`
        await expect(look.network('other')).to.be.present()
        await expect(look.sysctl(key)).to.show((await major()) >= 28 ? '1' : '0')
        await $`docker network rm other`
        await expect(look.network('other')).to.be.absent()
        await $`sysctl -w net.ipv4.ip_forward=1`
        await expect(look.sysctl(key)).to.show('1')
      },
    )

    step(
      'the engine that switches it on sets the policy of FORWARD to DROP, with --ip-forward=true as without',
      { covers: ['S002-55'] },
      async () => {
        await $`docker rm -f test`
        await expect(look.container('test')).to.be.absent()
        await $`cp /etc/default/docker /etc/default/docker.before`
        defer(async () => {
          await $`service docker stop`.nothrow()
          await $`mv /etc/default/docker.before /etc/default/docker`
          await $`sysctl -w net.ipv4.ip_forward=1`
          await $`iptables -P FORWARD DROP`
          await $`service docker start`
          await expect(look.engine()).to.be.present()
        })
        const withOptions = () => $`echo 'DOCKER_OPTS="--ip-forward=true"' >> /etc/default/docker`
        const withNone = () => $`echo 'DOCKER_OPTS=""' >> /etc/default/docker`
        for (const write of [withOptions, withNone]) {
          await $`service docker stop`
          await $`sysctl -w net.ipv4.ip_forward=0`
          await $`iptables -P FORWARD ACCEPT`
          await stopped('0')
          await write()
          await $`service docker start`
          await expect(look.engine()).to.show({ IPv4Forwarding: true })
          if (write === withOptions) await expect(look.processes('dockerd')).to.show({ command: /--ip-forward=true/ })
          else await expect(look.processes('dockerd')).not.to.show({ command: /--ip-forward/ })
          await expect(look.sysctl(key)).to.show('1')
          await expect(filter).to.have.policy('filter', 'FORWARD', 'DROP')
        }
      },
    )

    step('with --ip-forward=false the engine leaves both as they are, and warns', { covers: ['S002-55'] }, async () => {
      await $`service docker stop`
      await $`sysctl -w net.ipv4.ip_forward=0`
      await $`iptables -P FORWARD ACCEPT`
      await stopped('0')
      await $`echo 'DOCKER_OPTS="--ip-forward=false"' >> /etc/default/docker`
      await $`service docker start`
      await expect(look.engine()).to.show({ IPv4Forwarding: false })
      await expect(look.sysctl(key)).to.show('0')
      await expect(filter).to.have.policy('filter', 'FORWARD', 'ACCEPT')
      const run = await $`docker run --name test -d -p 8088:80 nginx:alpine`
      defer`docker rm -f test`
      await expect(run.stderr).to.print('WARNING: IPv4 forwarding is disabled. Networking will not work.')
      await expect(outside.tcp('203.0.113.2', 8088)).not.to.answer({
        capture: act => look.capture('eth0', { while: act }),
        frame: syn,
      })
      await expect(look.http('http://127.0.0.1:8088')).to.answer()
      await $`docker rm -f test`
      await expect(look.container('test')).to.be.absent()
    })

    step(
      'an engine that finds it on does not touch the policy: up to 26 containers then are open to outside',
      {
        covers: [
          differs('S002-62', 'outside does reach them where forwarding was on before the engine started', {
            engine: '<28',
          }),
          holds('S002-62', { engine: '>=28' }),
        ],
        changed: [
          {
            since: 28,
            of: 'forwarding and filtering',
            says: 'Containers are shut to outside also where forwarding was on before the engine started, and FORWARD accepts all; before, they were open',
          },
        ],
      },
      async () => {
        await $`service docker stop`
        await $`sysctl -w net.ipv4.ip_forward=1`
        await stopped('1')
        await $`echo 'DOCKER_OPTS=""' >> /etc/default/docker`
        await $`service docker start`
        await expect(look.engine()).to.show({ IPv4Forwarding: true })
        await expect(look.processes('dockerd')).not.to.show({ command: /--ip-forward/ })
        await expect(filter).to.have.policy('filter', 'FORWARD', 'ACCEPT')
        await $`docker run --name test -d nginx:alpine`
        defer`docker rm -f test`
        await expect(test.ping('203.0.113.1')).to.answer()
        const found = (await look.container('test'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
        await $`ip -n outside route add 172.17.0.0/16 via 203.0.113.2`
        defer`ip -n outside route del 172.17.0.0/16 via 203.0.113.2`
        await expect(outside.routes()).to.show({ destination: '172.17.0.0/16', gateway: '203.0.113.2' })
        if ((await major()) >= 28) {
          // There every port that is not published has a rule of its own that drops.
          await expect(outside.tcp(found, 80)).not.to.answer({
            capture: act => look.capture('eth0', { while: act }),
            frame: { ip: { destination: found }, tcp: { destinationPort: 80, flags: ['SYN'] } },
          })
        } else {
          await expect(outside.http(`http://${found}`)).to.show({ seenFrom: { address: '203.0.113.1' } })
        }
        await $`docker rm -f test`
        await expect(look.container('test')).to.be.absent()
      },
    )
  },
)
