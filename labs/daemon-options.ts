import { differs, isFalse, lab } from '../harness/index.ts'

const topology = `
  docker run --hostname --link --net --publish …       for one container
       |
       |  -H: unix:///var/run/docker.sock, tcp://127.0.0.1:2375
       v
  dockerd --bridge --bip --host --icc --ip-forward --iptables --mtu …    for all, at its start
       |
       v
  docker0, 172.17.0.1/16 unless that is taken
`

export default lab(
  {
    title: 'Options of the service and options of docker run',
    document: '002_4055c2f40a7b121a',
    finds:
      'docker0’s subnet is not random but the first free one of a list, in which nothing of 10.0.0.0/8 is; -H replaces the usual socket; forwarding is nothing that containers of one bridge need',
    topology,
    engine: true,
    unseen: [
      {
        mutation: /in docker run --rm --bip=/,
        because: 'docker run refuses the option itself, whatever its value is',
      },
    ],
    untestable: {
      'S002-87':
        'it fetches from get.docker.com, which no machine of a lab reaches, and the image has no wget (what -N fetches goes into a file, so that sh would be given nothing)',
    },
  },
  ({ $, look, expect, step, defer }) => {
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''

    step('docker run knows none of the options of the service', { covers: ['S002-35'] }, async () => {
      const { stdout } = await $`dockerd --help`
      for (const [option, says] of [
        ['-b=docker0', /^unknown shorthand flag: 'b'/m],
        ['--bridge=docker0', /^unknown flag: --bridge$/m],
        ['--bip=192.168.1.5/24', /^unknown flag: --bip$/m],
        ['-H=unix:///run/second.sock', /^unknown shorthand flag: 'H'/m],
        ['--host=unix:///run/second.sock', /^unknown flag: --host$/m],
        ['--icc=false', /^unknown flag: --icc$/m],
        ['--ip-forward=false', /^unknown flag: --ip-forward$/m],
        ['--iptables=false', /^unknown flag: --iptables$/m],
        ['--mtu=1400', /^unknown flag: --mtu$/m],
      ] as const) {
        const [name = ''] = option.split('=')
        await expect(stdout).to.print(new RegExp(name.startsWith('--') ? `^ .* ${name} ` : `^ +${name}, `, 'm'))
        const refused = await $`docker run --rm ${option} busybox true`.nothrow()
        await expect(refused.stderr).to.print(says)
      }
    })

    step(
      'the service knows none of the options of docker run, but docker create has them, too; -h and -p mean something else to it',
      {
        covers: [
          differs(
            'S002-44',
            'docker create has them all, docker network connect has --link; they are the container’s, not the command’s',
          ),
        ],
      },
      async () => {
        for (const [option, says] of [
          ['--hostname=foo', /unknown flag: --hostname/],
          ['--link=target:alias', /unknown flag: --link/],
          ['--net=bridge', /unknown flag: --net/],
          ['--publish=81:80', /unknown flag: --publish/],
          ['-P', /unknown shorthand flag: 'P' in -P/],
          ['--publish-all=true', /unknown flag: --publish-all/],
        ] as const) {
          const refused = await $`dockerd ${option}`.nothrow()
          await expect(refused.stderr).to.print(says)
        }
        const { stdout, stderr } = await $`dockerd -h`
        await expect(`${stdout}${stderr}`).to.print('Flag shorthand -h has been deprecated, please use --help')
        await expect(stdout).to.print(/^ +-p, --pidfile /m)

        await $`docker create --name target nginx:alpine`
        defer`docker rm -f target`
        await $`docker create --name made -h foo --link target:alias -p 81:80 -P busybox`
        defer`docker rm -f made`
        await expect(look.container('made')).to.show({
          Config: { Hostname: 'foo' },
          HostConfig: {
            Links: ['/target:/made/alias'],
            PortBindings: { '80/tcp': [{ HostPort: '81' }] },
            PublishAllPorts: true,
          },
        })
        await $`docker create --name other --net=none busybox`
        defer`docker rm -f other`
        await expect(look.container('other')).to.show({ HostConfig: { NetworkMode: 'none' } })
        const help = await $`docker network connect --help`
        await expect(help.stdout).to.print(/^ +--link /m)
        await $`docker rm -f target made other`
        await expect(look.engine()).to.show({ Containers: 0 })
      },
    )

    step(
      '-H is where the service takes commands: from the next start on, and nowhere else',
      { covers: ['S002-38', 'S002-35'] },
      async () => {
        await $`echo 'DOCKER_OPTS="-H unix:///run/second.sock"' >> /etc/default/docker`
        // A function: later steps run this command for other options.
        defer(async () => {
          await $`service docker stop`.nothrow()
          await $`sed -i '/^DOCKER_OPTS=/d' /etc/default/docker`
          await $`rm -f /run/second.sock`
          await $`service docker start`
          await expect(look.engine()).to.be.present()
        })
        const early = await $`docker -H unix:///run/second.sock info`.nothrow()
        await expect(`${early.stdout}${early.stderr}`).to.print(
          /Cannot connect to the Docker daemon at unix:\/\/\/run\/second\.sock/,
        )
        await $`service docker restart`
        const ping = look.at({
          title: 'who answers at /run/second.sock',
          script: 'curl -s --unix-socket /run/second.sock http://docker/_ping',
          parse: ({ stdout }) => stdout,
        })
        await expect(ping).to.show('OK')
        await $`docker -H unix:///run/second.sock ps`
        await expect(look.engine()).to.be.absent()
        const usual = await $`docker ps`.nothrow()
        await expect(usual.stderr).to.print(/Cannot connect to the Docker daemon at unix:\/\/\/var\/run\/docker\.sock/)
      },
    )

    step(
      'given twice it takes them at both, by TCP from whoever asks, who need not say who that is',
      { covers: ['S002-38'] },
      async () => {
        await $`service docker stop`
        // Of several such lines the last one counts.
        await $`echo 'DOCKER_OPTS="-H unix:///var/run/docker.sock --host=tcp://127.0.0.1:2375"' >> /etc/default/docker`
        await $`service docker start`
        await expect(look.engine()).to.be.present()
        await expect(look.sockets()).to.show({ protocol: 'tcp', address: '127.0.0.1', port: 2375, process: 'dockerd' })
        await $`docker -H tcp://127.0.0.1:2375 run -d --name asked nginx:alpine`
        defer`docker rm -f asked`
        await expect(look.bridgeBehind('asked')).to.show('docker0')
        await expect(look.container('asked')).to.show({ State: { Running: true } })
        await expect(look.http('http://127.0.0.1:2375/_ping')).to.show({ status: 200, body: 'OK' })
        await expect(look.in({ netns: 'outside' }).tcp('203.0.113.2', 2375)).to.show({ error: 'Connection refused' })
        await $`docker rm -f asked`
      },
    )

    step(
      '--ip-forward=false leaves forwarding off, which cuts containers off from outside, not from each other',
      { covers: [differs('S002-40', 'it is about the way out and in: containers of one bridge need no forwarding')] },
      async () => {
        await $`service docker stop`
        await expect(look.engine()).to.be.absent()
        await $`sysctl -w net.ipv4.ip_forward=0`
        defer`sysctl -w net.ipv4.ip_forward=1`
        await $`echo 'DOCKER_OPTS="--ip-forward=false"' >> /etc/default/docker`
        await $`service docker start`
        await expect(look.engine()).to.show({ IPv4Forwarding: false })
        await expect(look.sysctl('net.ipv4.ip_forward')).to.show('0')
        for (const name of ['one', 'two']) {
          await $`docker run -d --name ${name} nginx:alpine`
          defer`docker rm -f ${name}`
          await expect(look.bridgeBehind(name)).to.show('docker0')
        }
        const one = look.in({ container: 'one' })
        await expect(one.http(`http://${await addressOf('two')}`)).to.answer()
        await expect(look.in({ container: 'two' }).http(`http://${await addressOf('one')}`)).to.answer()
        await expect(one.ping('203.0.113.1')).not.to.answer({
          capture: act => look.capture('docker0', { while: act }),
          frame: { ip: { destination: '203.0.113.1' }, icmp: { type: 'echo-request' } },
        })
        await $`docker rm -f one two`

        await $`service docker stop`
        await $`echo 'DOCKER_OPTS="--ip-forward=true"' >> /etc/default/docker`
        await $`service docker start`
        await expect(look.engine()).to.show({ IPv4Forwarding: true })
        await expect(look.sysctl('net.ipv4.ip_forward')).to.show('1')
        await $`docker run -d --name one nginx:alpine`
        defer`docker rm -f one`
        await expect(look.bridgeBehind('one')).to.show('docker0')
        await expect(one.ping('203.0.113.1')).to.answer()
        await $`docker rm -f one`
        await expect(look.engine()).to.show({ Containers: 0 })
      },
    )

    step(
      'docker0 is given the first of a list of private subnets that no link of the guest has, each time the same',
      {
        covers: [
          isFalse(
            'S002-31',
            'not at random: the first free one of a list that begins with 172.17.0.0/16, and of it the first address',
          ),
          isFalse('S002-89', 'not at random: the first free subnet of a list, and of it the first address'),
        ],
      },
      async () => {
        /** No engine runs, and the next one has to make a docker0. */
        const forgotten = async () => {
          await $`service docker stop`.nothrow()
          await expect(look.processes('dockerd')).to.be.absent()
          await $`ip link delete docker0`.nothrow()
          await expect(look.link('docker0')).to.be.absent()
          await $`rm -rf /var/lib/docker/network/files`
          await expect(look.files('/var/lib/docker/network/files')).to.be.absent()
        }
        /** What the engine gives to a docker0 that it has to make. */
        const given = async () => {
          await $`service docker start`
          await expect(look.engine()).to.be.present()
          return (await look.link('docker0'))?.addresses.filter(address => !address.startsWith('fe80:'))
        }
        defer(async () => {
          await forgotten()
          await given()
          // The rule of a former subnet stays.
          await $`iptables -t nat -S POSTROUTING | sed -n '/ 172.17.0.0/d; /MASQUERADE/s/^-A/iptables -t nat -D/p' | sh`
        })
        for (const _again of [1, 2, 3]) {
          await forgotten()
          expect(await given()).to.deep.equal(['172.17.0.1/16'])
        }

        await $`ip link add used type bridge`
        defer`ip link delete used`
        await $`ip link set used up`
        await expect(look.link('used')).to.be.up()
        const use = async (address: string) => {
          await $`ip addr add ${address} dev used`
          await expect(look.link('used')).to.have.address(address)
        }
        await use('172.17.99.1/16')
        await forgotten()
        expect(await given()).to.deep.equal(['172.18.0.1/16'])
        for (let second = 18; second <= 31; second++) await use(`172.${second}.99.1/16`)
        await forgotten()
        expect(await given()).to.deep.equal(['192.168.0.1/20'])

        await use('192.168.99.1/16')
        await forgotten()
        await $`service docker start`
        await expect(look.log('docker')).to.show(
          /no available network|non-overlapping IPv4 address pool among the defaults|predefined address pools have been fully subnetted/,
        )
        await expect(look.processes('dockerd')).to.be.absent()
        // Nobody here has anything of 10.0.0.0/8.
        await expect(look.routes()).not.to.show({ destination: /^10\./ })
        await $`ip link delete used`
        await expect(look.link('used')).to.be.absent()
        expect(await given()).to.deep.equal(['172.17.0.1/16'])
      },
    )

    step('brctl comes with the package bridge-utils, which is Debian’s', { covers: ['S002-73'] }, async () => {
      // To install it here would take a mirror; the image has been made with it.
      const { stdout } = await $`dpkg-query -W -f '\${Status}, \${Maintainer}\n' bridge-utils`
      await expect(stdout).to.print(/^install ok installed, .*[@.]debian\.org>$/m)
      const files = await $`dpkg -L bridge-utils`
      await expect(files.stdout).to.print(/\/sbin\/brctl$/m)
      await $`brctl show`
    })
  },
)
