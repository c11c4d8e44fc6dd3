import { differs, isFalse, lab } from '../harness/index.ts'

const topology = `
  container                   guest                            outside
 +------------------------+  +----------------------------+   +------------------+
 | /etc/hostname    <-----+--+-- /var/lib/docker/         |   | name servers:    |
 | /etc/hosts       <-----+--+--   containers/<id>/…      |   |                  |
 | /etc/resolv.conf <-----+--+--         ^                |   | 203.0.113.1      |
 |                        |  |           | at each start  |   | 114.114.114.114  |
 |                        |  |     /etc/resolv.conf  eth0 o---o                  |
 +------------------------+  +----------------------------+   +------------------+
`

/** Without the comments that engines since 26 write into it. */
const settings = (resolvConf: string) => resolvConf.split('\n').filter(line => line !== '' && !line.startsWith('#'))

export default lab(
  {
    title: 'hostname, hosts and resolv.conf: three files that are not the image’s',
    document: '002_4055c2f40a7b121a',
    finds:
      'written at each start, edits and all; a running container never hears of the guest’s new name server; --dns replaces, it does not add',
    topology,
    engine: true,
    untestable: {
      'S002-28': 'the ubuntu image and its packages are a registry’s and a mirror’s, which no packet of a lab reaches',
    },
  },
  ({ $, look, expect, step, defer, fixture }) => {
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
    const guests = async () => settings((await $`cat /etc/resolv.conf`).stdout)
    type Queries = Awaited<ReturnType<typeof fixture.nameServer>>['queries']
    const servers: { old: Queries; other: Queries } = {
      old: async () => [],
      other: async () => [],
    }
    /** What both name servers are asked while something happens, each name once. */
    const asked = async (act: () => unknown) => {
      const at = { old: [] as string[], other: [] as string[] }
      const names = (queries: Awaited<ReturnType<Queries>>) => [...new Set(queries.map(({ name }) => name))]
      at.other = names(
        await servers.other({
          while: async () => {
            at.old = names(await servers.old({ while: act }))
          },
        }),
      )
      return at
    }

    step('two name servers are outside, and they differ: the guest asks the first', async () => {
      const old = await fixture.nameServer(['host.example.com A 192.0.2.7', 'only.example.net A 192.0.2.9'])
      defer`kill ${old.pid}`
      const other = await fixture.nameServer(['host.example.com A 192.0.2.8'], { address: '114.114.114.114' })
      defer`kill ${other.pid}`
      servers.old = old.queries
      servers.other = other.queries
      const { stdout } = await $`dig +short host.example.com`
      expect(stdout).to.equal('192.0.2.7\n')
      await $`docker network create my-net`
      defer`docker network rm my-net`
      await $`docker run -d --name web training/webapp python app.py`
      defer`docker rm -f web`
      await $`docker run -d --name web-net --net my-net training/webapp python app.py`
      defer`docker rm -f web-net`
      await expect(look.bridgeBehind('web')).to.show('docker0')
      await expect(look.bridgeBehind('web-net')).to.show(await look.bridge('my-net'))
      for (const container of ['web', 'web-net']) await expect(look.in({ container }).ping('203.0.113.1')).to.answer()
    })

    step(
      'mount shows the three: each is a file of the engine’s on the guest’s disk, and there is no .dockerinit',
      {
        covers: [
          differs('S002-45', 'there is no /.dockerinit, and all three are mounted to be written, not read-only'),
        ],
      },
      async () => {
        const { stdout } = await $`docker exec web mount`
        const found = await look.container('web')
        for (const [file, path] of [
          ['/etc/resolv.conf', found?.ResolvConfPath],
          ['/etc/hostname', found?.HostnamePath],
          ['/etc/hosts', found?.HostsPath],
        ] as const) {
          const type = (await $`findmnt -n -o FSTYPE -T ${path ?? ''}`).stdout.trim()
          await expect(stdout).to.print(new RegExp(`^\\S+ on ${file} type ${type} \\(rw,`, 'm'))
          const inside = await $`docker exec web stat -c %i ${file}`
          const outside = await $`stat -c %i ${path ?? ''}`
          expect(inside.stdout).to.equal(outside.stdout)
        }
        await expect(stdout).not.to.print('.dockerinit')
        const init = await $`docker exec web ls /.dockerinit`.nothrow()
        expect(init.exitCode).to.equal(1)
      },
    )

    step(
      'without options resolv.conf is the guest’s; but a server on the guest’s loopback is left out, for Google’s if need be',
      {
        covers: [
          differs(
            'S002-51',
            'but for name servers on the guest’s loopback: where there is no other, 8.8.8.8 and 8.8.4.4 are put in',
          ),
        ],
      },
      async () => {
        const before = await guests()
        expect(before).to.include('nameserver 203.0.113.1')
        const { stdout } = await $`docker exec web cat /etc/resolv.conf`
        expect(settings(stdout)).to.deep.equal(before)
        await $`cp /etc/resolv.conf /etc/resolv.conf.saved`
        defer`cat /etc/resolv.conf.saved >/etc/resolv.conf; rm /etc/resolv.conf.saved`
        await $`echo nameserver 127.0.0.53 >/etc/resolv.conf; echo nameserver 203.0.113.1 >>/etc/resolv.conf`
        expect(await guests()).to.deep.equal(['nameserver 127.0.0.53', 'nameserver 203.0.113.1'])
        const beside = await $`docker run --rm centos cat /etc/resolv.conf`
        expect(settings(beside.stdout)).to.deep.equal(['nameserver 203.0.113.1'])
        await $`echo nameserver 127.0.0.53 >/etc/resolv.conf`
        expect(await guests()).to.deep.equal(['nameserver 127.0.0.53'])
        const alone = await $`docker run --rm centos cat /etc/resolv.conf`
        expect(settings(alone.stdout)).to.deep.equal(['nameserver 8.8.8.8', 'nameserver 8.8.4.4'])
        await $`cat /etc/resolv.conf.saved >/etc/resolv.conf`
        expect(await guests()).to.deep.equal(before)
      },
    )

    step(
      'on a network of one’s own it names the engine’s name server, which asks the guest’s; on docker0, host and none it does not',
      {
        covers: [
          differs('S004-34', 'only in containers on networks of one’s own; on docker0, host and none there is none'),
          'S004-38',
        ],
      },
      async () => {
        const { stdout } = await $`docker exec web-net cat /etc/resolv.conf`
        expect(settings(stdout)).to.include('nameserver 127.0.0.11')
        const resolved = await $`docker exec web-net dig +short host.example.com web-net`
        expect(resolved.stdout).to.match(/^192\.0\.2\.7\n[\d.]+\n$/)
        for (const net of ['bridge', 'host', 'none']) {
          const other = await $`docker run --rm --net ${net} centos cat /etc/resolv.conf`
          expect(settings(other.stdout))
            .to.include('nameserver 203.0.113.1')
            .and.not.to.include('nameserver 127.0.0.11')
        }
        const nobody = await $`docker exec web dig +time=1 +tries=1 @127.0.0.11 web`.nothrow()
        expect(nobody.exitCode).to.equal(9)
      },
    )

    step(
      'the guest gets another name server: containers that run keep theirs, until they are restarted',
      {
        covers: [
          isFalse(
            'S002-46',
            'a container that runs keeps what it has; what the guest has now it gets at its next start',
          ),
        ],
      },
      async () => {
        await $`echo nameserver 114.114.114.114 >/etc/resolv.conf`
        expect(await guests()).to.deep.equal(['nameserver 114.114.114.114'])
        const guest = await $`dig +short host.example.com`
        expect(guest.stdout).to.equal('192.0.2.8\n')
        const answers = async (name: string, answer: string) => {
          const asked = await $`docker exec ${name} dig +short host.example.com`
          expect(asked.stdout).to.equal(`${answer}\n`)
        }
        const containers = [
          ['web', 'bridge'],
          ['web-net', 'my-net'],
        ] as const
        for (const [name] of containers) await answers(name, '192.0.2.7')
        const { stdout } = await $`docker exec web cat /etc/resolv.conf`
        expect(settings(stdout)).to.include('nameserver 203.0.113.1').and.not.to.include('nameserver 114.114.114.114')
        for (const [name, network] of containers) {
          await $`docker restart -t 0 ${name}`
          await expect(look.bridgeBehind(name)).to.show(await look.bridge(network))
          await answers(name, '192.0.2.8')
        }
        await $`cat /etc/resolv.conf.saved >/etc/resolv.conf`
        expect(await guests())
          .to.include('nameserver 203.0.113.1')
          .and.not.to.include('nameserver 114.114.114.114')
        await $`docker restart -t 0 web web-net`
        for (const [name, network] of containers) {
          await expect(look.bridgeBehind(name)).to.show(await look.bridge(network))
          await answers(name, '192.0.2.7')
        }
      },
    )

    step(
      '-h writes the name into the container’s hostname and hosts, not into docker ps; but links and networks tell it',
      {
        covers: [
          differs(
            'S002-47',
            'docker ps does not show it; but who links to the container has it in /etc/hosts, and on a network of one’s own it resolves',
          ),
        ],
      },
      async () => {
        await $`docker run -d --name named -h myhost centos sleep infinity`
        defer`docker rm -f named`
        await expect(look.bridgeBehind('named')).to.show('docker0')
        const hostname = await $`docker exec named cat /etc/hostname`
        expect(hostname.stdout).to.equal('myhost\n')
        const itself = await $`docker exec named hostname`
        expect(itself.stdout).to.equal('myhost\n')
        const hosts = await $`docker exec named cat /etc/hosts`
        await expect(hosts.stdout).to.print(new RegExp(`^${await addressOf('named')}\\s+myhost$`, 'm'))
        const listed = await $`docker ps --no-trunc`
        await expect(listed.stdout).to.print(/ named$/m)
        await expect(listed.stdout).not.to.print('myhost')
        const others = await $`docker exec web cat /etc/hosts`
        await expect(others.stdout).not.to.print('myhost')
        // Others see it all the same.
        const linked = await $`docker run --rm --link named:alias centos cat /etc/hosts`
        await expect(linked.stdout).to.print(new RegExp(`^${await addressOf('named')}\\s+alias myhost named$`, 'm'))
        await $`docker network connect my-net named`
        await expect(look.bridgeBehind('named', 'eth1')).to.show(await look.bridge('my-net'))
        const resolved = await $`docker exec web-net dig +short myhost`
        const address = (await look.container('named'))?.NetworkSettings.Networks['my-net']?.IPAddress
        expect(resolved.stdout).to.equal(`${address}\n`)
      },
    )

    step(
      '--link adds the other’s name to /etc/hosts when the container is made: its alias is reached',
      { covers: ['S002-48'] },
      async () => {
        await $`docker run -d --name linking --link web:alias centos sleep infinity`
        defer`docker rm -f linking`
        await expect(look.bridgeBehind('linking')).to.show('docker0')
        const hosts = await $`docker exec linking cat /etc/hosts`
        await expect(hosts.stdout).to.print(new RegExp(`^${await addressOf('web')}\\s+alias `, 'm'))
        const reached = await $`docker exec linking curl -s -m 3 http://alias:5000/whoami`
        await expect(reached.stdout).to.print(`${await addressOf('linking')}:`)
        // Without the option there is no such name.
        const without = await $`docker exec web curl -s -m 3 http://alias:5000/whoami`.nothrow()
        expect(without.exitCode).to.equal(6)
      },
    )

    step(
      '--dns puts a name server in place of the guest’s; it is asked for what is not in /etc/hosts',
      { covers: [differs('S002-49', 'it does not add to the guest’s servers: it takes their place')] },
      async () => {
        await $`docker run -d --name asking --dns 114.114.114.114 --add-host known.example.com:192.0.2.99 centos sleep infinity`
        defer`docker rm -f asking`
        await expect(look.bridgeBehind('asking')).to.show('docker0')
        const { stdout } = await $`docker exec asking cat /etc/resolv.conf`
        expect(settings(stdout).filter(line => line.startsWith('nameserver'))).to.deep.equal([
          'nameserver 114.114.114.114',
        ])
        const unknown = await asked(async () => {
          const pinged = await $`docker exec asking ping -c 1 -W 1 host.example.com`.nothrow()
          await expect(pinged.stdout).to.print('PING host.example.com (192.0.2.8)')
          // Which only the guest's own server could say.
          const only = await $`docker exec asking ping -c 1 -W 1 only.example.net`.nothrow()
          await expect(only.stderr).to.print(/^ping: only\.example\.net: /)
        })
        expect(unknown).to.deep.equal({ old: [], other: ['host.example.com', 'only.example.net'] })
        const known = await asked(async () => {
          const pinged = await $`docker exec asking ping -c 1 -W 1 known.example.com`.nothrow()
          await expect(pinged.stdout).to.print('PING known.example.com (192.0.2.99)')
        })
        expect(known).to.deep.equal({ old: [], other: [] })
      },
    )

    step(
      'on a network of one’s own --dns is whom the engine’s name server asks (the document does not say so)',
      async () => {
        await $`docker run -d --name asking-net --net my-net --dns 114.114.114.114 centos sleep infinity`
        defer`docker rm -f asking-net`
        await expect(look.bridgeBehind('asking-net')).to.show(await look.bridge('my-net'))
        const { stdout } = await $`docker exec asking-net cat /etc/resolv.conf`
        expect(settings(stdout)).to.include('nameserver 127.0.0.11').and.not.to.include('nameserver 114.114.114.114')
        const answers = await $`docker exec asking-net dig +short host.example.com`
        expect(answers.stdout).to.equal('192.0.2.8\n')
      },
    )

    step(
      '--dns-search: host is host.example.com first, and only then host; a dot before the domain is refused',
      {
        covers: [
          differs(
            'S002-50',
            '.example.com is refused; with example.com, host.example.com is asked for first and host only if that is not there',
          ),
        ],
      },
      async () => {
        const refused = await $`docker run --rm --dns-search .example.com centos cat /etc/resolv.conf`.nothrow()
        expect(refused.exitCode).to.equal(125)
        await expect(refused.stderr).to.print('.example.com is not a valid domain')
        await $`docker run -d --name searching --dns-search example.com centos sleep infinity`
        defer`docker rm -f searching`
        await expect(look.bridgeBehind('searching')).to.show('docker0')
        const { stdout } = await $`docker exec searching cat /etc/resolv.conf`
        expect(settings(stdout)).to.include('search example.com').and.to.include('nameserver 203.0.113.1')
        const found = await asked(async () => {
          const pinged = await $`docker exec searching ping -c 1 -W 1 host`.nothrow()
          await expect(pinged.stdout).to.print('PING host.example.com (192.0.2.7)')
        })
        expect(found.old).to.deep.equal(['host.example.com'])
        const missed = await asked(() => $`docker exec searching ping -c 1 -W 1 nowhere`.nothrow())
        expect(missed.old).to.deep.equal(['nowhere.example.com', 'nowhere'])
      },
    )

    step('on a network of one’s own it is the other way round: host first (the document does not say so)', async () => {
      await $`docker run -d --name searching-net --net my-net --dns-search example.com centos sleep infinity`
      defer`docker rm -f searching-net`
      await expect(look.bridgeBehind('searching-net')).to.show(await look.bridge('my-net'))
      const found = await asked(async () => {
        const pinged = await $`docker exec searching-net ping -c 1 -W 1 host`.nothrow()
        await expect(pinged.stdout).to.print('PING host.example.com (192.0.2.7)')
      })
      // For a name without a dot too, as the engine puts ndots:0 there.
      expect(found.old).to.deep.equal(['host', 'host.example.com'])
    })

    step(
      'the three files can be edited while the container runs, and the edits count at once',
      { covers: ['S002-80'] },
      async () => {
        await $`docker exec web sh -c 'echo 192.0.2.66 added.example.com >>/etc/hosts'`
        await $`docker exec web sh -c 'echo renamed >/etc/hostname'`
        await $`docker exec web sh -c 'echo nameserver 114.114.114.114 >/etc/resolv.conf'`
        const edited = await $`docker exec web cat /etc/resolv.conf`
        expect(edited.stdout).to.equal('nameserver 114.114.114.114\n')
        const hosts = await $`docker exec web ping -c 1 -W 1 added.example.com`.nothrow()
        await expect(hosts.stdout).to.print('PING added.example.com (192.0.2.66)')
        const resolved = await $`docker exec web dig +short host.example.com`
        expect(resolved.stdout).to.equal('192.0.2.8\n')
        const hostname = await $`docker exec web cat /etc/hostname`
        expect(hostname.stdout).to.equal('renamed\n')
        // That one is read by nobody: the kernel goes on with the name that it was told.
        const kernels = await $`docker exec web hostname`
        expect(kernels.stdout).not.to.equal('renamed\n')
      },
    )

    step(
      'sed -i can’t: it would put another file in the place of one that is mounted (the document does not say so)',
      async () => {
        for (const file of ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']) {
          const refused = await $`docker exec web sed -i s/a/b/ ${file}`.nothrow()
          expect(refused.exitCode).to.equal(1)
          await expect(refused.stderr).to.print('Device or resource busy')
        }
      },
    )

    step('docker commit does not take them along', { covers: ['S002-80'] }, async () => {
      await $`docker exec web touch /etc/other`
      const changed = await $`docker diff web`
      await expect(changed.stdout).to.print(/^A \/etc\/other$/m)
      const sorted = changed.stdout.split('\n').sort().join('\n')
      await expect(sorted).not.to.print(/\/etc\/(hosts|hostname|resolv\.conf)$/m)
      await $`docker commit web edited`
      defer`docker rmi edited`
      const { stdout } =
        await $`docker run --rm edited sh -c 'ls /etc/other; cat /etc/hosts /etc/hostname /etc/resolv.conf'`
      await expect(stdout).to.print('/etc/other')
      await expect(stdout).to.print('nameserver 203.0.113.1')
      for (const edit of ['added.example.com', 'renamed', '114.114.114.114']) await expect(stdout).not.to.print(edit)
    })

    step('a restart loses them, and so does a stop', { covers: ['S002-80'] }, async () => {
      const files = () => $`docker exec web cat /etc/hosts /etc/hostname /etc/resolv.conf`
      await expect((await files()).stdout).to.print('added.example.com')
      await $`docker restart -t 0 web`
      await expect(look.bridgeBehind('web')).to.show('docker0')
      const restarted = (await files()).stdout
      const id = (await look.container('web'))?.Id.slice(0, 12) ?? ''
      await expect(restarted).to.print(new RegExp(`^${id}$`, 'm'))
      await expect(restarted).to.print('nameserver 203.0.113.1')
      for (const edit of ['added.example.com', 'renamed', '114.114.114.114']) await expect(restarted).not.to.print(edit)
      // What is the image's own stays edited.
      await $`docker exec web ls /etc/other`
      await $`docker exec web sh -c 'for file in hosts hostname resolv.conf; do echo "# edited" >>/etc/$file; done'`
      const again = (await files()).stdout
      expect(again.match(/^# edited$/gm)).to.have.lengthOf(3)
      await $`docker stop -t 0 web`
      await $`docker start web`
      await expect(look.bridgeBehind('web')).to.show('docker0')
      await expect((await files()).stdout).not.to.print('# edited')
    })

    step(
      'given to the engine, --dns and --dns-search are every container’s, unless it is given its own',
      { covers: ['S002-43'] },
      async () => {
        // An engine that stops waits for its containers.
        await $`docker rm -f $(docker ps -aq)`
        await expect(look.engine()).to.show({ Containers: 0 })
        await $`service docker stop`
        defer(async () => {
          await $`service docker start`
          await expect(look.engine()).to.be.present()
        })
        await $`cp /etc/default/docker /etc/default/docker.saved`
        defer`mv /etc/default/docker.saved /etc/default/docker`
        await $`echo 'DOCKER_OPTS="--dns=114.114.114.114 --dns-search=example.com"' >> /etc/default/docker`
        await $`service docker start`
        defer`service docker stop`
        await expect(look.engine()).to.be.present()
        const byDefault = await $`docker run --rm centos cat /etc/resolv.conf`
        expect(settings(byDefault.stdout)).to.include('nameserver 114.114.114.114').and.to.include('search example.com')
        await expect(byDefault.stdout).not.to.print('203.0.113.1')
        const own = await $`docker run --rm --dns=203.0.113.1 --dns-search=example.net centos cat /etc/resolv.conf`
        expect(settings(own.stdout)).to.include('nameserver 203.0.113.1').and.to.include('search example.net')
        for (const word of ['114.114.114.114', 'example.com']) await expect(own.stdout).not.to.print(word)
        // It is used, too.
        const used = await asked(() => $`docker run --rm centos ping -c 1 -W 1 host`.nothrow())
        expect(used).to.deep.equal({ old: [], other: ['host.example.com'] })
      },
    )
  },
)
