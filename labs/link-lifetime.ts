import { lab } from '../harness/index.ts'

const topology = `
  web-02                        guest                    web-01
 +-------------------------+   +------------------+     +----------------------+
 | /etc/hosts:             |   |                  |     | /etc/hosts:          |
 |   172.17.0.2 web-01     |   |     docker0      |     |   nothing of web-02  |
 | eth0 172.17.0.3       o-+---+-o 172.17.0.1   o-+-----+-o eth0 172.17.0.2    |
 +-------------------------+   +--------o---------+     +----------------------+
                                        |
                            outside, a name server: knows neither
`

export default lab(
  {
    title: 'One line in /etc/hosts: how far a link carries',
    document: '003_d09263ab2e1021ee',
    finds:
      'one way only; a new address is followed, a removal is not: the old name then leads to whoever has the address now, and the container neither starts again nor lets anybody in',
    topology,
    engine: true,
    unseen: [
      {
        mutation: /create own: without the rule -A FORWARD -o br-.* -m conntrack --ctstate ESTABLISHED,RELATED/,
        because: 'what goes from a bridge to the same bridge is let through by a later rule as well, replies among it',
      },
    ],
  },
  ({ $, look, expect, step, defer, fixture }) => {
    const web01 = { address: '' }
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
    const pidOf = async (name: string) => (await look.container(name))?.State.Pid ?? 0
    const linesOf = async (container: string, name: string) => {
      const { stdout } = await $`docker exec ${container} cat /etc/hosts`
      // As a whole word: an id may well hold the letters of a short name.
      return stdout.split('\n').filter(line => line.split(/\s+/).includes(name))
    }
    const nobody = 'Name or service not known'

    step(
      'web-02, linked to web-01, finds it by name; web-01 does not find web-02',
      { covers: ['S003-12'] },
      async () => {
        // ping says what the document shows when a name server answers that there is no such name.
        const names = await fixture.nameServer([])
        defer`kill ${names.pid}`
        await $`docker run -itd --name web-01 centos`
        defer`docker rm -f web-01`
        await expect(look.bridgeBehind('web-01')).to.show('docker0')
        await $`docker run -itd --name web-02 --link web-01 centos`
        defer`docker rm -f web-02`
        await expect(look.bridgeBehind('web-02')).to.show('docker0')
        web01.address = await addressOf('web-01')
        const known = await names.queries({
          while: async () => {
            const { stdout } = await $`docker exec web-02 ping -c 1 web-01`
            await expect(stdout).to.print(`64 bytes from web-01 (${web01.address})`)
          },
        })
        // The name server has no part in it.
        expect(known).to.deep.equal([])
        const asked = await names.queries({
          while: async () => {
            const { exitCode, stderr } = await $`docker exec web-01 ping -c 1 web-02`.nothrow()
            expect(exitCode).to.equal(2)
            await expect(stderr).to.print(`ping: web-02: ${nobody}`)
          },
        })
        await expect(asked).to.show({ name: 'web-02', type: 'A' })
        // It is the name that is missing: the packets go both ways.
        await expect(look.in({ container: 'web-01' }).ping(await addressOf('web-02'))).to.answer()
      },
    )

    step(
      'what a link adds is a line in hosts: the name stands and falls with it',
      { covers: ['S003-13'] },
      async () => {
        const id = (await look.container('web-01'))?.Id.slice(0, 12)
        expect(await linesOf('web-02', 'web-01')).to.deep.equal([`${web01.address}\tweb-01 ${id}`])
        expect(await linesOf('web-01', 'web-02')).to.deep.equal([])
        // The file is a mount, so it can't be replaced, only written to.
        await $`docker exec web-02 sh -c 'grep -v web-01 /etc/hosts >/tmp/hosts; cat /tmp/hosts >/etc/hosts'`
        const { stderr } = await $`docker exec web-02 ping -c 1 web-01`.nothrow()
        await expect(stderr).to.print(`ping: web-01: ${nobody}`)
        // Such a line by hand does the same for web-01.
        const address = await addressOf('web-02')
        await $`docker exec web-01 sh -c ${`echo ${address} web-02 >>/etc/hosts`}`
        expect(await linesOf('web-01', 'web-02')).to.deep.equal([`${address} web-02`])
        const { stdout } = await $`docker exec web-01 ping -c 1 web-02`
        await expect(stdout).to.print(`64 bytes from web-02 (${address})`)
        // The engine writes both files anew, each with its own container.
        for (const name of ['web-01', 'web-02']) {
          await $`docker restart -t 0 ${name}`
          await expect(look.bridgeBehind(name)).to.show('docker0')
        }
        expect(await linesOf('web-01', 'web-02')).to.deep.equal([])
        expect(await linesOf('web-02', 'web-01')).to.have.lengthOf(1)
      },
    )

    step(
      'a linked container that comes back with another address is found; a process that runs is not told (the document does not say so)',
      async () => {
        await $`docker run -dti --name db training/postgres /bin/bash`
        defer`docker rm -f db`
        await expect(look.bridgeBehind('db')).to.show('docker0')
        await $`docker run -dti --name asker --link db:db training/webapp /bin/bash`
        defer`docker rm -f asker`
        await expect(look.bridgeBehind('asker')).to.show('docker0')
        const first = await addressOf('db')
        await $`docker stop -t 0 db`
        await $`docker run -dti --name taker centos`
        defer`docker rm -f taker`
        await expect(look.bridgeBehind('taker')).to.show('docker0')
        await $`docker start db`
        await expect(look.bridgeBehind('db')).to.show('docker0')
        const second = await addressOf('db')
        expect(second).not.to.equal(first)
        expect(await addressOf('taker')).to.equal(first)
        expect(await linesOf('asker', 'db')).to.have.lengthOf(1)
        const { stdout } = await $`docker exec asker ping -c 1 db`
        await expect(stdout).to.print(`64 bytes from db (${second})`)
        // What is started in it now is told the new address, what runs since before keeps the old one.
        const started = await $`docker exec asker env`
        await expect(started.stdout).to.print(`DB_PORT=tcp://${second}:5432`)
        const runs = await $`xargs -0 -n 1 echo < /proc/${await pidOf('asker')}/environ`
        await expect(runs.stdout).to.print(`DB_PORT=tcp://${first}:5432`)
        await $`docker restart -t 0 asker`
        await expect(look.bridgeBehind('asker')).to.show('docker0')
        const again = await $`xargs -0 -n 1 echo < /proc/${await pidOf('asker')}/environ`
        await expect(again.stdout).to.print(`DB_PORT=tcp://${second}:5432`)
      },
    )

    step('while it is stopped, nobody gets into the other one (the document does not say so)', async () => {
      await $`docker stop -t 0 db`
      const refused = await $`docker exec asker true`.nothrow()
      expect(refused.exitCode).not.to.equal(0)
      await expect(refused.stderr).to.print('Cannot link to a non running container: /db AS /asker/db')
      await expect(look.container('asker')).to.show({ State: { Running: true } })
      await $`docker start db`
      await expect(look.bridgeBehind('db')).to.show('docker0')
      await $`docker exec asker true`
    })

    step('docker rm --link takes the link, and leaves both containers (the document does not say so)', async () => {
      await $`docker rm --link asker/db`
      expect(await linesOf('asker', 'db')).to.deep.equal([])
      for (const name of ['db', 'asker']) await expect(look.container(name)).to.show({ State: { Running: true } })
    })

    step(
      'docker0 is where containers go unasked, without names; a link makes one, and the removal of the linked container ends it',
      { covers: ['S003-15'] },
      async () => {
        await $`docker run -itd --name web-03 centos`
        defer`docker rm -f web-03`
        await expect(look.bridgeBehind('web-03')).to.show('docker0')
        await expect(look.container('web-03')).to.show({
          NetworkSettings: { Networks: { bridge: { Gateway: '172.17.0.1' } } },
        })
        const unlinked = await $`docker exec web-03 ping -c 1 web-01`.nothrow()
        await expect(unlinked.stderr).to.print(`ping: web-01: ${nobody}`)
        await $`docker exec web-02 ping -c 1 web-01`
        web01.address = await addressOf('web-01')
        await $`docker rm -f web-01`
        const refused = await $`docker exec web-02 ping -c 1 web-01`.nothrow()
        await expect(refused.stderr).to.print('Cannot link to a non running container: /web-01 AS /web-02/web-01')
        // For what runs in web-02 already the line is still there, and leads to nobody.
        const pid = await pidOf('web-02')
        await $`nsenter -t ${pid} -n ip neigh flush dev eth0`
        await expect(look.in({ container: 'web-02' }).neighbours('eth0')).not.to.show({ address: web01.address })
        const stale = await $`nsenter -t ${pid} -m -n ping -c 1 -W 1 web-01`.nothrow()
        await expect(stale.stdout).to.print(`PING web-01 (${web01.address})`)
        expect(stale.exitCode).to.equal(1)
        await expect(look.in({ container: 'web-02' }).ping(web01.address)).not.to.answer({
          capture: act => look.capture('docker0', { while: act }),
          frame: { arp: { operation: 'request', target: { ip: web01.address } } },
        })
      },
    )

    step('the next container gets the address, and answers to the name (the document does not say so)', async () => {
      await $`docker run -itd --name stranger centos`
      defer`docker rm -f stranger`
      await expect(look.bridgeBehind('stranger')).to.show('docker0')
      expect(await addressOf('stranger')).to.equal(web01.address)
      // The last attempt to find out who has the address may still be failing.
      await expect(look.in({ container: 'web-02' }).ping(web01.address)).to.answer()
      const { stdout } = await $`nsenter -t ${await pidOf('web-02')} -m -n ping -c 1 web-01`
      await expect(stdout).to.print(`64 bytes from web-01 (${web01.address})`)
    })

    step(
      'a new container of the old name does not mend it, and web-02 does not start again (the document does not say so)',
      async () => {
        await $`docker run -itd --name web-01 centos`
        defer`docker rm -f web-01`
        await expect(look.bridgeBehind('web-01')).to.show('docker0')
        const refused = await $`docker exec web-02 ping -c 1 web-01`.nothrow()
        await expect(refused.stderr).to.print('Cannot link to a non running container: /web-01 AS /web-02/web-01')
        const restarted = await $`docker restart -t 0 web-02`.nothrow()
        expect(restarted.exitCode).to.equal(1)
        await expect(look.container('web-02')).to.show({ State: { Running: false } })
      },
    )

    step(
      'on a network of one’s own a link is a name that the resolver knows, no line and no variable (the document does not say so)',
      async () => {
        await $`docker network create own`
        defer`docker network rm own`
        await $`docker run -dti --name store --net own training/postgres /bin/bash`
        defer`docker rm -f store`
        await $`docker run -dti --name shop --net own --link store:db centos`
        defer`docker rm -f shop`
        const bridge = await look.bridge('own')
        for (const name of ['store', 'shop']) await expect(look.bridgeBehind(name)).to.show(bridge)
        const address = (await look.container('store'))?.NetworkSettings.Networks.own?.IPAddress
        const { stdout } = await $`docker exec shop ping -c 1 db`
        await expect(stdout).to.print(`PING db (${address})`)
        expect(await linesOf('shop', 'db')).to.deep.equal([])
        const environment = await $`docker exec shop env`
        await expect(environment.stdout).to.print(/^HOSTNAME=/m)
        await expect(environment.stdout).not.to.print(/^DB_/m)
        // From docker0 there is no link to it.
        const across = await $`docker run --rm --link store:db centos true`.nothrow()
        expect(across.exitCode).to.equal(125)
        await expect(across.stderr).to.print(/not (belong to the default network|attached to default bridge network)/)
      },
    )
  },
)
