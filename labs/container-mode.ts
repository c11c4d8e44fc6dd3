import { differs, lab } from '../harness/index.ts'

const topology = `
             mysql                                 busybox
            +-------------------------------------------------------+
  docker0   | eth0 172.17…         one netns           the same eth0 |
   ====o====o                                                        |
            | mysqld on :3306  <-------- lo --------  telnet          |
            +- - - - - - - - - - - - - - - - - - - - - - - - - - - - +
            | files, processes  |             | files, processes     |
            +-------------------+             +----------------------+
`

export default lab(
  {
    title: 'Mode container: two containers in one netns',
    document: '000_c642ad2eea6dd55a',
    finds:
      'they share interfaces, ports and name, and three files; beside a container of mode host one is in the guest’s netns; after a restart of the first the second has lo only',
    topology,
    engine: true,
    unseen: [{ mutation: /^2001:db8::7 → .* --dns /, because: 'the option is refused, whatever address it names' }],
  },
  ({ $, look, expect, step, defer }) => {
    const outside = look.in({ netns: 'outside' })
    const mysql = look.in({ container: 'mysql' })
    const beside = look.in({ container: 'beside' })
    // As /proc shows them, so that they are known for inodes.
    const netnsOf = async (name: string) => `net:[${(await look.in({ container: name }).peer('lo'))?.netns}]`
    const ofGuest = async () => `net:[${(await look.peer('lo'))?.netns}]`
    const pidOf = async (name: string) => (await look.container(name))?.State.Pid ?? 0
    /** Waits until mysqld says that it listens: the busier the machine, the later. The pause only keeps the asking from being most of it. */
    const listens = () => $`until docker logs mysql 2>&1 | grep 'ready for connections'; do sleep 0.2; done`
    let removed = { done: () => {} }
    const notQuite = differs(
      'S000-31',
      'beside a container of mode host it is the guest’s netns; and /etc/hosts, hostname and resolv.conf are shared as well',
    )

    step(
      'mysql in mode host: there is no netns of its own, its port 3306 is the guest’s',
      { covers: ['S000-29', 'S000-30'] },
      async () => {
        await $`docker run --net host -d --name mysql mysql:5.7`
        defer`docker rm -f mysql`
        await listens()
        expect(await netnsOf('mysql')).to.equal(await ofGuest())
        expect(await mysql.links()).to.deep.equal(await look.links())
        await expect(look.sockets()).to.show({ protocol: 'tcp', port: 3306, process: 'mysqld' })
        await expect(outside.tcp('203.0.113.2', 3306)).to.answer()
      },
    )

    step(
      'who joins it there shares the guest’s netns too (the document says that it is not the host’s)',
      {
        covers: [notQuite],
      },
      async () => {
        await $`docker run -dti --rm --name beside --net=container:mysql busybox sh`
        defer`docker rm -f beside`
        const { stdout } = await $`docker exec beside ip a`
        for (const name of ['lo', 'eth0', 'docker0'])
          await expect(stdout).to.print(new RegExp(`^\\d+: ${name}[:@]`, 'm'))
        expect(await netnsOf('beside')).to.equal(await ofGuest())
        await $`docker rm -f beside`
        await $`docker rm -f mysql`
      },
    )

    step(
      'beside one of mode bridge it gets no interface and no address of its own: it has those of mysql',
      { covers: ['S000-31', 'S000-32'] },
      async () => {
        await $`docker run -d --name mysql mysql:5.7`
        defer`docker rm -f mysql`
        await listens()
        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }])
        const ports = await look.ports('docker0')
        await $`docker run -dti --rm --name beside --net=container:mysql busybox sh`
        defer`docker rm -f beside`
        expect(await look.ports('docker0')).to.deep.equal(ports)
        const { stdout } = await $`docker exec beside ip a`
        const address = (await look.container('mysql'))?.NetworkSettings.Networks.bridge?.IPAddress
        await expect(stdout).to.print(`inet ${address}/16`)
        expect(await netnsOf('beside')).to.equal(await netnsOf('mysql'))
        expect(await netnsOf('beside')).not.to.equal(await ofGuest())
        expect(await beside.links()).to.deep.equal(await mysql.links())
        expect((await look.container('beside'))?.NetworkSettings.Networks).to.deep.equal({})
        await expect(beside.ping('203.0.113.1')).to.answer()
      },
    )

    step(
      'it sees the listener on 3306, and telnet on localhost reaches it over lo',
      { covers: ['S000-31', 'S000-32'] },
      async () => {
        await expect(mysql.sockets()).to.show({ protocol: 'tcp', port: 3306, process: 'mysqld' })
        const listening = await $`docker exec beside sh -c 'netstat -tl|grep 3306'`
        await expect(listening.stdout).to.print(/^tcp .* 0\.0\.0\.0:3306 +0\.0\.0\.0:\* +LISTEN/m)
        // This busybox is built without -p. The guest's netstat, among the container's own processes, has nobody to name.
        const pid = await pidOf('beside')
        const held =
          await $`nsenter -t ${pid} -n -p unshare -m sh -c 'mount -t proc proc /proc; netstat -ntlp|grep 3306'`
        await expect(held.stdout).to.print(/:3306 .* LISTEN +- *$/m)
        const frames = await look.capture(
          { on: 'lo', in: { container: 'beside' }, as: 'lo' },
          {
            filter: 'tcp port 3306',
            while: async () => {
              const telnet = $`docker exec -i beside telnet localhost 3306`.nothrow()
              // The server says what it is, and hangs up at what is no answer.
              telnet.stdin.write('is anybody there?\n')
              const { stdout } = await telnet
              await expect(stdout).to.print('Connected to localhost')
              // What else it says is drawn at random.
              const [greeting = ''] = stdout.match(/[\d.]+-MariaDB/) ?? []
              await expect(greeting).to.print('MariaDB')
            },
          },
        )
        await expect(frames).to.have.frame({
          at: 'lo',
          ip: { source: /^(127\.0\.0\.1|::1)$/, destination: /^(127\.0\.0\.1|::1)$/ },
          tcp: { destinationPort: 3306, flags: ['SYN'] },
        })
      },
    )

    step('the ports are shared: a second server finds 3306 taken', { covers: ['S000-31'] }, async () => {
      await $`docker run -d --name mysql2 --net=container:mysql mysql:5.7`
      defer`docker rm -f mysql2`
      const { stdout } = await $`docker wait mysql2`
      expect(stdout.trim()).to.equal('1')
      const { stderr } = await $`docker logs mysql2`
      await expect(stderr).to.print(/Bind on TCP\/IP port.*Address already in use/)
      await $`docker rm -f mysql2`
      await expect(look.container('mysql2')).to.be.absent()
    })

    step('files and processes are each one’s own', { covers: ['S000-31'] }, async () => {
      const processes = await $`docker exec beside ps`
      await expect(processes.stdout).to.print(/^ +1 root +sh$/m)
      await expect(processes.stdout).not.to.print('mysqld')
      const commands = async (name: string) => (await $`docker top ${name}`).stdout
      await expect(await commands('mysql')).to.print('mysqld')
      await $`docker exec beside touch /tmp/of-beside`
      const root = async (name: string) => `/proc/${await pidOf(name)}/root`
      await $`ls ${await root('beside')}/tmp/of-beside`
      const there = await $`ls ${await root('mysql')}/tmp/of-beside`.nothrow()
      await expect(there.stderr).to.print('No such file or directory')
      const kinds = ['mnt', 'pid', 'ipc', 'net']
      const namespaces = async (name: string) => {
        const pid = await pidOf(name)
        const { stdout } = await $`cd /proc/${pid}/ns && readlink ${kinds}`
        return stdout.trim().split('\n')
      }
      const [one, other] = [await namespaces('mysql'), await namespaces('beside')]
      expect(kinds.filter((_, index) => one[index] === other[index])).to.deep.equal(['net'])
    })

    step(
      'three files are the same one: /etc/hosts, /etc/hostname and /etc/resolv.conf',
      {
        covers: [notQuite],
      },
      async () => {
        const inode = async (name: string, file: string) =>
          (await $`stat -c %d:%i /proc/${await pidOf(name)}/root${file}`).stdout
        for (const file of ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']) {
          expect({ file, same: (await inode('beside', file)) === (await inode('mysql', file)) }).to.include({
            same: true,
          })
        }
        const { stdout } = await $`docker exec beside hostname`
        expect((await look.container('mysql'))?.Id.slice(0, 12)).to.equal(stdout.trim())
      },
    )

    step(
      'what would change the other’s network is refused: ports, a host name, hosts, name servers, links (the document does not say so)',
      async () => {
        for (const [option, refusal] of [
          [['-P'], 'port publishing and the container type network mode'],
          [['-h', 'name'], 'hostname and the network mode'],
          [['--add-host', 'name:host-gateway'], 'custom host-to-IP mapping and the network mode'],
          [['--dns', '2001:db8::7'], 'dns and the network mode'],
          [['--link', 'mysql:db'], /links are only supported for user-defined networks|can't be used with links/],
        ] as const) {
          const refused = await $`docker run --rm --net=container:mysql ${option} busybox true`.nothrow()
          expect(refused.exitCode).to.equal(125)
          await expect(refused.stderr).to.print(refusal)
        }
      },
    )

    step(
      'a restart gives mysql another netns; the one beside it stays in the old, with lo only, until it is restarted too (the document does not say so)',
      async () => {
        await $`docker rm -f beside`
        await $`docker run -dti --name beside --net=container:mysql busybox sh`
        removed = defer`docker rm -f beside`
        const before = await netnsOf('beside')
        await $`docker restart -t 0 mysql`
        expect(await netnsOf('beside')).to.equal(before)
        expect(await netnsOf('mysql')).not.to.equal(before)
        await expect(beside.link('eth0')).to.be.absent()
        await expect(mysql.link('eth0')).to.be.present()
        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }])
        await $`docker restart -t 0 beside`
        expect(await netnsOf('beside')).to.equal(await netnsOf('mysql'))
      },
    )

    step('without mysql it does not start (the document does not say so)', async () => {
      await $`docker stop -t 0 mysql`
      const refused = await $`docker restart -t 0 beside`.nothrow()
      expect(refused.exitCode).to.equal(1)
      await expect(refused.stderr).to.print(/cannot join network (namespace )?of a non running container/)
    })

    step(
      'docker rm removes containers that have ended, and no others',
      { covers: [differs('S000-33', 'those that run it refuses; -f removes them')] },
      async () => {
        await $`docker start mysql`
        await expect(look.ports('docker0')).to.show([{ state: 'forwarding' }])
        const refused = await $`docker rm $(docker ps -aq)`.nothrow()
        expect(refused.exitCode).to.equal(1)
        await expect(refused.stderr).to.print(/running container|container is running/)
        await expect(look.container('mysql')).to.show({ State: { Running: true } })
        await expect(look.container('beside')).to.be.absent()
        removed.done()
      },
    )
  },
)
