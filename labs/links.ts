import { differs, isFalse, lab } from '../harness/index.ts'

const topology = `
  web                              guest                      db
 +---------------------------+    +-------------------+      +----------------+
 | /etc/hosts: 172.17… db    |    |                   |      |                |
 | DB_PORT_5432_TCP=tcp://…  |    |      docker0      |      |                |
 | eth0                    o-+----+-o  172.17.0.1   o-+------+-o eth0         |
 +---------------------------+    +-------------------+      +----------------+
`

export default lab(
  {
    title: 'Names of containers, and what --link makes of them',
    document: '002_4055c2f40a7b121a',
    finds:
      'a link is a line in /etc/hosts and some variables, on all engines; it is no tunnel, and who is not linked gets through as well',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const outside = look.in({ netns: 'outside' })
    const web = look.in({ container: 'web' })
    const db = { address: '', id: '' }
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
    const variables = (environment: string) => environment.split('\n').filter(line => /^(DB|STORE|MY_DB)_/.test(line))

    step('a container is called what --name says', { covers: ['S002-15'] }, async () => {
      await $`docker run -d -P --name web training/webapp python app.py`
      defer`docker rm -f web`
      await expect(look.bridgeBehind('web')).to.show('docker0')
      const { stdout } = await $`docker ps`
      const [, id] = /^([0-9a-f]{12}) +training\/webapp +"python app\.py" .* web$/m.exec(stdout) ?? []
      expect((await look.container('web'))?.Id.slice(0, 12)).to.equal(id)
    })

    step('one that is given no name gets one: an adjective and a surname', { covers: ['S002-16'] }, async () => {
      const { stdout: id } = await $`docker run -d training/webapp`
      defer`docker rm -f ${id.trim()}`
      await expect(look.bridgeBehind(id.trim())).to.show('docker0')
      await expect(look.container(id.trim())).to.show({ Name: /^\/[a-z]+_[a-z]+[0-9]?$/ })
    })

    step(
      'docker inspect tells the name when the template has its braces',
      { covers: [differs('S002-17', 'as it is printed, without its braces, the template prints itself')] },
      async () => {
        const id = (await look.container('web'))?.Id.slice(0, 12) ?? ''
        const asPrinted = await $`docker inspect -f " .Name " ${id}`
        expect(asPrinted.stdout).to.equal(' .Name \n')
        const { stdout } = await $`docker inspect -f "{{ .Name }}" ${id}`
        expect(stdout).to.equal('/web\n')
        const listed = await $`docker ps`
        await expect(listed.stdout).to.print(new RegExp(`^${id} .* web$`, 'm'))
      },
    )

    step(
      'a name is taken until its container is removed, or renamed',
      { covers: [differs('S002-18', 'renaming the old one frees the name as well')] },
      async () => {
        const again = await $`docker run -d --name web training/webapp python app.py`.nothrow()
        expect(again.exitCode).to.equal(125)
        await expect(again.stderr).to.print(/The container name "\/web" is already in use/)
        const running = await $`docker rm web`.nothrow()
        expect(running.exitCode).to.equal(1)
        await $`docker rename web web-before`
        defer`docker rm -f web-before`
        await $`docker run -d --name web training/webapp python app.py`
        await expect(look.bridgeBehind('web')).to.show('docker0')
        await $`docker rm -f web-before`
        await expect(look.container('web-before')).to.be.absent()
      },
    )

    step(
      '--rm removes a container when it ends, with -d as well',
      { covers: [isFalse('S002-19', '--rm and -d go together')] },
      async () => {
        const brief = await $`docker run --rm --name brief training/webapp echo here`
        expect(brief.stdout).to.equal('here\n')
        await expect(look.container('brief')).to.be.absent()
        await $`docker run --rm -d --name brief training/webapp python app.py`
        const removed = defer`docker rm -f brief`
        await expect(look.container('brief')).to.show({ State: { Running: true } })
        await expect(look.bridgeBehind('brief')).to.show('docker0')
        await $`docker stop -t 0 brief`
        await expect(look.container('brief')).to.be.absent()
        removed.done()
      },
    )

    step(
      'web is linked to db by name and alias, once the former web is gone',
      { covers: ['S002-15', 'S002-18', 'S002-20'] },
      async () => {
        await $`docker run -dti --name db training/postgres /bin/bash`
        defer`docker rm -f db`
        await expect(look.bridgeBehind('db')).to.show('docker0')
        await $`docker rm -f web`
        await $`docker run -dti -P --name web --link db:db training/webapp python app.py`
        defer`docker rm -f web`
        await expect(look.bridgeBehind('web')).to.show('docker0')
        const toWeb = await addressOf('web')
        const published = (await look.container('web'))?.NetworkSettings.Ports['5000/tcp']?.[0]?.HostPort
        await expect(look.iptables()).to.have.rule(
          `-t nat -A DOCKER ! -i docker0 -p tcp --dport ${published} -j DNAT --to-destination ${toWeb}:5000`,
        )
        await expect(look.iptables()).to.have.rule(
          `-A DOCKER -d ${toWeb} ! -i docker0 -o docker0 -p tcp --dport 5000 -j ACCEPT`,
        )
        db.address = await addressOf('db')
        db.id = (await look.container('db'))?.Id.slice(0, 12) ?? ''
        await expect(look.container('web')).to.show({
          State: { Running: true },
          HostConfig: { Links: ['/db:/web/db'] },
        })
      },
    )

    step(
      'docker ps calls db web/db as well, when it is told not to shorten',
      { covers: [differs('S002-21', 'only with --no-trunc; otherwise just db')] },
      async () => {
        const short = await $`docker ps`
        await expect(short.stdout).to.print(/ 5432\/tcp +db$/m)
        const { stdout } = await $`docker ps --no-trunc`
        await expect(stdout).to.print(/ 5432\/tcp +db,web\/db$/m)
      },
    )

    step(
      'the environment of a linked container tells where db listens, and what it was told itself',
      { covers: ['S002-14', 'S002-23', 'S002-24'] },
      async () => {
        const { stdout } = await $`docker run --rm --name web2 --link db:db training/webapp env`
        expect(variables(stdout)).to.have.members([
          `DB_PORT=tcp://${db.address}:5432`,
          `DB_PORT_5432_TCP=tcp://${db.address}:5432`,
          `DB_PORT_5432_TCP_ADDR=${db.address}`,
          'DB_PORT_5432_TCP_PORT=5432',
          'DB_PORT_5432_TCP_PROTO=tcp',
          'DB_NAME=/web2/db',
          'DB_ENV_PG_VERSION=9.3',
        ])
        const unlinked = await $`docker run --rm training/webapp env`
        await expect(unlinked.stdout).to.print(/^PATH=/m)
        expect(variables(unlinked.stdout)).to.deep.equal([])
      },
    )

    step(
      'its variables begin with the alias in capitals',
      { covers: [differs('S002-25', 'a dash in it becomes an underscore')] },
      async () => {
        const { stdout } = await $`docker run --rm --link db:store training/webapp env`
        expect(variables(stdout)).to.include(`STORE_PORT=tcp://${db.address}:5432`).and.to.have.lengthOf(7)
        expect(variables(stdout).filter(line => !line.startsWith('STORE_'))).to.deep.equal([])
        const dashed = await $`docker run --rm --link db:my-db training/webapp env`
        expect(variables(dashed.stdout)).to.include(`MY_DB_PORT=tcp://${db.address}:5432`)
      },
    )

    step(
      'its /etc/hosts names db, and itself by its id',
      {
        covers: ['S002-23', differs('S002-26', 'its own line comes last, and that of db ends with the id of db')],
      },
      async () => {
        await $`docker run -dti --rm --name asker --link db:db training/webapp /bin/bash`
        defer`docker rm -f asker`
        await expect(look.bridgeBehind('asker')).to.show('docker0')
        const { stdout } = await $`docker exec asker cat /etc/hosts`
        const id = (await look.container('asker'))?.Id.slice(0, 12)
        expect(stdout.trimEnd().split('\n').slice(-2)).to.deep.equal([
          `${db.address}\tdb ${db.id}`,
          `${await addressOf('asker')}\t${id}`,
        ])
      },
    )

    step('ping finds db by its alias, and db answers', { covers: ['S002-27'] }, async () => {
      const frames = await look.capture('docker0', { filter: 'icmp', while: () => $`docker exec web ping -c 1 db` })
      await expect(frames).to.have.frames([
        { ip: { destination: db.address }, icmp: { type: 'echo-request' } },
        { ip: { source: db.address }, icmp: { type: 'echo-reply' } },
      ])
      const { stdout } = await $`docker exec web ping -c 1 db`
      await expect(stdout).to.print(`PING db (${db.address})`)
    })

    step(
      'what listens there is reached by the link; the command as documented starts a shell instead (the document does not say so)',
      async () => {
        await expect(look.container('db')).to.show({ Path: '/bin/bash' })
        await expect(web.tcp(db.address, 5432)).to.show({ connected: false, error: 'Connection refused' })
        await $`docker exec -d db nc -ll -p 5432 -e cat`
        await expect(web.tcp(db.address, 5432)).to.answer()
      },
    )

    step(
      'no tunnel is made: what is sent passes docker0 as it is, and nothing in the guest knows of the link',
      {
        covers: [isFalse('S002-14', 'there is no tunnel and no protection: it passes docker0 as between any two')],
      },
      async () => {
        const before = (await look.links()).map(({ name }) => name)
        await $`docker run -dti --name web3 --link db:db training/webapp python app.py`
        defer`docker rm -f web3`
        const came = (await look.links()).filter(({ name }) => !before.includes(name))
        expect(came).to.have.lengthOf(1)
        expect(came[0]).to.include({ kind: 'veth', master: 'docker0' })
        const within = await look.in({ container: 'web3' }).links()
        expect(within.filter(({ name }) => name !== 'lo').map(({ name }) => name)).to.deep.equal(['eth0'])
        // The rules know the port that is published, and nothing of the one that is linked.
        const { stdout: rules } = await $`iptables-save`
        await expect(rules).to.print(/--dport 5000 /)
        await expect(rules).not.to.print(/--[ds]port 5432/)
        // Six octets, in one frame from the one to the other.
        const macs = {
          web3: (await look.in({ container: 'web3' }).link('eth0'))?.mac ?? '',
          db: (await look.in({ container: 'db' }).link('eth0'))?.mac ?? '',
        }
        const frames = await look.capture('docker0', {
          filter: 'tcp port 5432',
          while: () => $`docker exec web3 bash -c 'echo hello >/dev/tcp/db/5432'`,
        })
        await expect(frames).to.have.frame({
          ethernet: { source: macs.web3, destination: macs.db },
          ip: { source: await addressOf('web3'), destination: db.address, protocol: 'tcp' },
          tcp: { destinationPort: 5432, payloadLength: 6 },
        })
      },
    )

    step('several containers are linked to the same one', { covers: ['S002-29'] }, async () => {
      for (const name of ['web', 'web3', 'asker']) {
        const { stdout } = await $`docker exec ${name} ping -c 1 db`
        await expect(stdout).to.print(`from db (${db.address})`)
      }
      const { stdout } = await $`docker ps --no-trunc --filter name=^db$ --format '{{.Names}}'`
      expect(stdout.trim().split(',')).to.have.members(['db', 'web/db', 'web3/db', 'asker/db'])
    })

    step(
      'a container that is not linked reaches db as well, at its address (the document does not say so)',
      async () => {
        await $`docker run -dti --name stranger centos`
        defer`docker rm -f stranger`
        await expect(look.bridgeBehind('stranger')).to.show('docker0')
        const stranger = look.in({ container: 'stranger' })
        await expect(stranger.tcp(db.address, 5432)).to.answer()
        const named = await $`docker exec stranger ping -c 1 db`.nothrow()
        expect(named.exitCode).to.equal(2)
      },
    )

    step('from outside db is not reached, whereas the published web is', { covers: ['S002-22'] }, async () => {
      const { stdout } = await $`docker port db`
      expect(stdout).to.equal('')
      const published = (await look.container('web'))?.NetworkSettings.Ports['5000/tcp']?.[0]?.HostPort
      await expect(outside.http(`http://203.0.113.2:${published}`)).to.show({ seenFrom: { address: '203.0.113.1' } })
      // db itself finds its way out.
      await expect(look.in({ container: 'db' }).ping('203.0.113.1')).to.answer()
      await expect(outside.tcp('203.0.113.2', 5432)).not.to.answer({
        capture: act => look.capture('eth0', { while: act }),
        frame: { ip: { destination: '203.0.113.2' }, tcp: { destinationPort: 5432, flags: ['SYN'] } },
      })
      // Nor by who knows its address and the way there.
      await $`ip -n outside route add 172.17.0.0/16 via 203.0.113.2`
      defer`ip -n outside route del 172.17.0.0/16 via 203.0.113.2`
      await expect(outside.routes()).to.show({ destination: '172.17.0.0/16', gateway: '203.0.113.2' })
      await expect(outside.tcp(db.address, 5432)).not.to.answer({
        capture: act => look.capture('eth0', { while: act }),
        frame: { ip: { destination: db.address }, tcp: { destinationPort: 5432, flags: ['SYN'] } },
      })
    })
  },
)
