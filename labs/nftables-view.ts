import { lab } from '../harness/index.ts'

const topology = `
  outside              guest                                            web
 +--------------+     +------------------------------------------+     +-----+
 |              |     | prerouting        forward    postrouting |     |     |
 | 203.0.113.1  o--->-o -300  -200  -100    0  (1)       100     o-->--o :80 |
 |              |     | raw   con-  dstnat  filter       srcnat  |     |     |
 |              |     |       ntrack                             |     |     |
 +--------------+     +------------------------------------------+     +-----+
`

export default lab(
  {
    title: 'The engine’s rules as nftables has them',
    document: null,
    finds:
      'they are nft’s own tables, counted once; a drop in a table of one’s own is final, an accept is not; `nft flush ruleset` takes the engine’s unnoticed, and the next start leaves FORWARD at ACCEPT; rules of the old kind are none of its business',
    topology,
    engine: true,
  },
  ({ $, look, expect, step, defer }) => {
    const outside = look.in({ netns: 'outside' })
    const web = { address: '' }
    const [nft, legacy] = [{ needs: { backend: 'nft' } }, { needs: { backend: 'legacy' } }] as const
    const guard = look.at({
      title: 'table guard',
      script: 'nft list table inet guard 2>/dev/null',
      parse: ({ stdout }) => stdout || undefined,
    })
    /** The container's wire ends at docker0, and its port 80 is published as this one, by the engine’s rules. */
    const publishes = async (name: string, port: string) => {
      await expect(look.bridgeBehind(name)).to.show('docker0')
      await expect(look.container(name)).to.show({ HostConfig: { PortBindings: { '80/tcp': { HostPort: port } } } })
      const address = await addressOf(name)
      for (const rule of [
        `-t nat -A DOCKER ! -i docker0 -p tcp --dport ${port} -j DNAT --to-destination ${address}:80`,
        `-A DOCKER -d ${address} ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT`,
      ])
        await expect(look.iptables()).to.have.rule(rule)
    }
    const addressOf = async (name: string) =>
      (await look.container(name))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
    const major = async () => Number.parseInt((await $`docker version -f '{{.Server.Version}}'`).stdout, 10)
    const asked = (destination: string, destinationPort: number) => ({
      capture: (act: () => Promise<unknown>) => look.capture('eth0', { while: act }),
      frame: { ip: { source: '203.0.113.1', destination }, tcp: { destinationPort, flags: ['SYN'] } },
    })

    step('web is published, and answers outside', async () => {
      await $`docker run -d --name web -p 8080:80 nginx:alpine`
      defer`docker rm -f web`
      await publishes('web', '8080')
      web.address = await addressOf('web')
      await expect(outside.http('http://203.0.113.2:8080')).to.show({ seenFrom: { address: '203.0.113.1' } })
    })

    step(
      'iptables writes to nf_tables: its tables are in nft’s list, and none are of the old kind',
      {
        ...nft,
        changed: [
          {
            since: 28,
            of: 'forwarding and filtering',
            says: 'The engine has rules in table raw, and for IPv6; before, in filter and nat of IPv4 alone',
          },
        ],
      },
      async () => {
        const version = await $`iptables --version`
        await expect(version.stdout).to.print('(nf_tables)')
        const { stdout } = await $`nft list tables`
        const tables = stdout.trim().split('\n').sort()
        expect(tables).to.include.members(['table ip filter', 'table ip nat'])
        const since28 = (await major()) >= 28
        const has = (name: string) => tables.includes(`table ${name}`)
        expect({ 'ip raw': has('ip raw'), 'ip6 nat': has('ip6 nat') }).to.deep.equal({
          'ip raw': since28,
          'ip6 nat': since28,
        })
        await expect(look.iptables()).to.show({ backend: 'nft', warnings: [] })
        await expect(look.iptables({ backend: 'legacy' })).to.show({ backend: 'legacy', tables: [] })
      },
    )

    step('legacy iptables writes to tables of the old kind, of which nft’s list has none', legacy, async () => {
      const version = await $`iptables --version`
      await expect(version.stdout).to.print('(legacy)')
      await expect(look.iptables({ table: 'nat' })).to.have.rule(
        `-t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination ${web.address}:80`,
      )
      const { stdout } = await $`nft list ruleset`
      expect(stdout).to.equal('')
    })

    step(
      'the built-in chains hang on hooks, in the order of their priorities; the engine’s own on none',
      nft,
      async () => {
        const { stdout } = await $`nft -j list ruleset`
        const chains: Array<Record<string, unknown>> = JSON.parse(stdout).nftables.flatMap(
          ({ chain }: { chain?: Record<string, unknown> }) => (chain ? [chain] : []),
        )
        const chain = (table: string, name: string) =>
          chains.find(one => one.family === 'ip' && one.table === table && one.name === name)
        await expect(chain('nat', 'PREROUTING')).to.show({ type: 'nat', hook: 'prerouting', prio: -100 })
        await expect(chain('filter', 'FORWARD')).to.show({ type: 'filter', hook: 'forward', prio: 0, policy: 'drop' })
        await expect(chain('nat', 'POSTROUTING')).to.show({ type: 'nat', hook: 'postrouting', prio: 100 })
        await expect(chain('nat', 'OUTPUT')).to.show({ type: 'nat', hook: 'output', prio: -100 })
        // Before conntrack, at -200: it can't know what is a reply.
        if ((await major()) >= 28) {
          await expect(chain('raw', 'PREROUTING')).to.show({ type: 'filter', hook: 'prerouting', prio: -300 })
        }
        for (const table of ['nat', 'filter']) await expect(chain(table, 'DOCKER')).to.show({ hook: undefined })
      },
    )

    step('each rule can be read in nft’s words', nft, async () => {
      const nat = await $`nft list table ip nat`
      const counter = 'counter packets \\d+ bytes \\d+'
      await expect(nat.stdout).to.print(new RegExp(`fib daddr type local ${counter} jump DOCKER`))
      await expect(nat.stdout).to.print(
        new RegExp(`iifname != "docker0" tcp dport 8080 ${counter} dnat to ${web.address}:80`),
      )
      // Tools differ in what they put first.
      await expect(nat.stdout).to.print(
        new RegExp(
          `(ip saddr 172.17.0.0/16 oifname != "docker0"|oifname != "docker0" ip saddr 172.17.0.0/16) ${counter} masquerade`,
        ),
      )
      const filter = await $`nft list table ip filter`
      await expect(filter.stdout).to.print('type filter hook forward priority filter; policy drop;')
      await expect(filter.stdout).to.print(
        new RegExp(`oifname "docker0" ct state related,established ${counter} accept`),
      )
      await expect(filter.stdout).to.print(new RegExp(`tcp dport 80 ${counter} accept`))
    })

    step('both tools count the same packets', nft, async () => {
      const counters = async () => {
        const { stdout } = await $`nft -j list chain ip nat DOCKER`
        type Rule = { expr: Array<{ counter?: { packets: number; bytes: number } }> }
        return JSON.parse(stdout).nftables.flatMap(({ rule }: { rule?: Rule }) =>
          (rule?.expr ?? []).flatMap(({ counter }) => (counter ? [counter] : [])),
        )
      }
      const before = await counters()
      await $`ip netns exec outside curl -s 203.0.113.2:8080`
      const after = await counters()
      expect(after).not.to.deep.equal(before)
      const seen = await look.iptables({ table: 'nat' })
      const rules = seen.tables[0]?.chains.find(({ name }) => name === 'DOCKER')?.rules
      expect(after).to.deep.equal(rules?.map(rule => rule.counters))
      expect(after.at(-1)?.packets).to.equal(before.at(-1)?.packets + 1)
    })

    step(
      'a drop in a table of one’s own is final, even after the engine’s accept; iptables does not show it',
      async () => {
        await $`nft add table inet guard`
        defer`nft delete table inet guard`
        for (const priority of [-1, 1]) {
          await $`nft "add chain inet guard forward { type filter hook forward priority ${priority}; policy accept; }"`
          // Without the protocol nft 1.0 cannot read a port.
          await $`nft add rule inet guard forward iifname eth0 meta l4proto tcp ct original proto-dst 8080 counter drop`
          await expect(outside.tcp('203.0.113.2', 8080)).not.to.answer(asked('203.0.113.2', 8080))
          const { stdout } = await $`nft list table inet guard`
          await expect(stdout).to.print(/ct original proto-dst 8080 counter packets [1-9]/)
          if (priority === -1) await $`nft delete chain inet guard forward`
        }
        const saved = await $`iptables-save`
        await expect(saved.stdout).not.to.print('guard')
        // What the guest asks itself is not forwarded.
        await expect(look.http('http://203.0.113.2:8080')).to.answer()
      },
    )

    step('an accept is not: the engine’s chain is asked all the same, and drops', async () => {
      await $`docker run -d --name hidden nginx:alpine`
      defer`docker rm -f hidden`
      const address = await addressOf('hidden')
      await expect(look.bridgeBehind('hidden')).to.show('docker0')
      await expect(look.http(`http://${address}`)).to.answer()
      await $`ip -n outside route add 172.17.0.0/16 via 203.0.113.2`
      defer`ip -n outside route del 172.17.0.0/16 via 203.0.113.2`
      await expect(outside.routes()).to.show({ destination: '172.17.0.0/16', gateway: '203.0.113.2' })
      await $`nft 'add chain inet guard early { type filter hook forward priority -10; policy accept; }'`
      await $`nft add rule inet guard early ip daddr ${address} counter accept`
      await expect(guard).to.show(new RegExp(`chain early {[^}]*\\sip daddr ${address} counter [^}]* accept`))
      await $`nft 'add chain inet guard first { type filter hook prerouting priority -400; policy accept; }'`
      await $`nft add rule inet guard first ip daddr ${address} counter accept`
      await expect(outside.tcp(address, 80)).not.to.answer(asked(address, 80))
      const { stdout } = await $`nft list chain inet guard first`
      await expect(stdout).to.print(new RegExp(`ip daddr ${address} counter packets [1-9]\\d* bytes \\d+ accept`))
      await $`docker rm -f hidden`
    })

    step('a table of one’s own outlasts the engine, and so shuts the next container, too', async () => {
      await $`docker rm -f web`
      const [before] = await look.processes('dockerd')
      await $`service docker restart`
      await expect(look.engine()).to.be.present()
      await expect(look.processes('dockerd')).not.to.show({ pid: before?.pid })
      await $`docker run -d --name web -p 8080:80 nginx:alpine`
      defer`docker rm -f web`
      await publishes('web', '8080')
      await expect(look.http('http://127.0.0.1:8080')).to.answer()
      await expect(outside.tcp('203.0.113.2', 8080)).not.to.answer(asked('203.0.113.2', 8080))
      await $`nft delete table inet guard`
      await expect(guard).to.be.absent()
      await expect(outside.http('http://203.0.113.2:8080')).to.show({ seenFrom: { address: '203.0.113.1' } })
    })

    step('nft flush ruleset leaves rules of the old kind where they are', legacy, async () => {
      await $`nft add table inet guard`
      defer`nft flush ruleset`
      await $`nft 'add chain inet guard forward { type filter hook forward priority 1; policy accept; }'`
      await $`nft add rule inet guard forward iifname eth0 meta l4proto tcp counter drop`
      await expect(outside.tcp('203.0.113.2', 8080)).not.to.answer(asked('203.0.113.2', 8080))
      await $`nft flush ruleset`
      await expect(outside.http('http://203.0.113.2:8080')).to.show({ seenFrom: { address: '203.0.113.1' } })
    })

    step(
      'nft flush ruleset takes the engine’s rules; it does not notice, and the proxy goes on answering',
      nft,
      async () => {
        await $`nft flush ruleset`
        // All that is left to do is to start the engine anew, and to give FORWARD its policy back.
        defer`iptables -P FORWARD DROP`
        defer(async () => {
          await $`service docker restart`
          await expect(look.engine()).to.be.present()
        })
        defer`docker rm -f web`
        const { stdout } = await $`nft list ruleset`
        expect(stdout).to.equal('')
        await expect(outside.http('http://203.0.113.2:8080')).to.show({ seenFrom: { address: '172.17.0.1' } })
        const source = await addressOf('web')
        await expect(look.in({ container: 'web' }).ping('203.0.113.1')).to.show({ received: 1 })
        const frames = await look.capture('eth0', {
          filter: 'icmp',
          while: () => look.in({ container: 'web' }).ping('203.0.113.1').take(),
        })
        // Nothing masquerades: the answer finds its way back because of outside's route.
        await expect(frames).to.have.frame({ ip: { source }, icmp: { type: 'echo-request' } })
        const refused = await $`docker run -d --name next -p 8081:80 nginx:alpine`.nothrow()
        defer`docker rm -f next`
        await expect(refused.stderr).to.print(
          /--dport 8081 -j DNAT --to-destination [\d.]+:80 .*: iptables: No chain\/target\/match by that name\./,
        )
        await $`docker rm -f next`
      },
    )

    step(
      'a restart brings them back, but FORWARD accepts: forwarding was on, so the policy is not the engine’s',
      nft,
      async () => {
        await $`docker rm -f web`
        await expect(look.container('web')).to.be.absent()
        await $`service docker restart`
        await expect(look.engine()).to.be.present()
        await expect(look.iptables({ table: 'nat' })).to.have.rule(
          '-t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
        )
        await expect(look.iptables({ table: 'filter' })).to.have.rule('-t filter -A FORWARD -j DOCKER-USER', {
          position: 1,
        })
        await expect(look.iptables({ table: 'filter' })).to.have.policy('filter', 'FORWARD', 'ACCEPT')
        await $`iptables -P FORWARD DROP`
        await expect(look.iptables({ table: 'filter' })).to.have.policy('filter', 'FORWARD', 'DROP')
      },
    )
  },
)
