import { differs, holds, lab } from '../harness/index.ts'

const topology = `
  container test1         guest                             container test2
 +----------------+      +---------------------------+     +----------------+
 | eth0           |      |          docker0          |     |           eth0 |
 | ifindex a    o-+------+-o veth…@if<a>             |     |      ifindex b |
 | iflink  A      |      |   ifindex A     veth…   o-+-----+-o    iflink  B |
 +----------------+      |                 ifindex B |     +----------------+
                         +---------------------------+
`

// The document's script, as it stands.
const script = [
  'for container in $(docker ps -q); do',
  "iflink=`docker exec -it $container sh -c 'cat /sys/class/net/eth0/iflink'`",
  "iflink=`echo $iflink|tr -d '\\r'`",
  'veth=`grep -l $iflink /sys/class/net/veth*/ifindex`',
  "veth=`echo $veth|sed -e 's;^.*net/\\(.*\\)/ifindex$;\\1;'`",
  'echo $container:$veth',
  'done',
  '',
].join('\n')

export default lab(
  {
    title: 'Which veth belongs to which container',
    document: '000_c642ad2eea6dd55a',
    finds:
      'the number after `@if` no longer tells containers apart since engine 28; the documented script names a wrong veth when one index is part of another',
    topology,
    engine: true,
    unseen: [
      {
        mutation: /^without the rule -A FORWARD -o docker0 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT/,
        because: 'what goes from docker0 to docker0 is let through by a later rule as well, replies among it',
      },
    ],
  },
  ({ $, look, expect, step, defer, fixture }) => {
    const inTest1 = look.in({ container: 'test1' })
    const inTest2 = look.in({ container: 'test2' })
    const bridgeEnds = async () => (await look.ports('docker0')).map(port => port.name)
    // The veth of a container, found by what the kernel says of both ends and by no name or number alone.
    const vethOf = async (container: string) => {
      const inside = await look.in({ container }).peer('eth0')
      const all = await look.links()
      return all.find(link => link.ifindex === inside?.iflink && link.iflink === inside.ifindex)?.name ?? ''
    }

    step('a container plugs one veth into docker0', { covers: ['S000-09'] }, async () => {
      await expect(look.ports('docker0')).to.show([])
      await $`docker run -d --name test1 nginx:alpine`
      defer`docker rm -f test1`
      const { stdout } = await $`brctl show`
      await expect(stdout).to.print(/^docker0\s+8000\.[0-9a-f]{12}\s+no\s+veth\w+$/m)
      const [veth = ''] = await bridgeEnds()
      const shown = await $`ip a |grep veth`
      await expect(shown.stdout).to.print(`${veth}@if`)
      await expect(shown.stdout).to.print('master docker0')
      await expect(look.link(veth)).to.be.portOf('docker0')
      await expect(look.peer(veth)).to.be.pairedWith(inTest1.peer('eth0'))
    })

    step('every further container plugs in one more', { covers: ['S000-09'] }, async () => {
      await $`docker run -d --name test2 nginx:alpine`
      defer`docker rm -f test2`
      await fixture.webServer('test3')
      defer`docker rm -f test3`
      const veths = await bridgeEnds()
      expect(veths).to.have.lengthOf(3)
      await expect(look.peer(await vethOf('test2'))).to.be.pairedWith(inTest2.peer('eth0'))
      await expect(look.peer(await vethOf('test3'))).to.be.pairedWith(look.in({ container: 'test3' }).peer('eth0'))
      await expect(look.peer(await vethOf('test2'))).not.to.be.pairedWith(inTest1.peer('eth0'))
    })

    step('test1 asks all for the MAC of test2, and docker0 learns who is where', { covers: ['S000-13'] }, async () => {
      const one = await inTest1.link('eth0')
      const two = await inTest2.link('eth0')
      const address = two?.addresses[0]?.split('/')[0] ?? ''
      const frames = await look.capture('docker0', { while: () => $`docker exec test1 curl -s ${address}:80` })
      await expect(frames).to.have.frames([
        {
          ethernet: { source: one?.mac, destination: 'ff:ff:ff:ff:ff:ff' },
          arp: { operation: 'request', target: { ip: address } },
        },
        { ethernet: { source: two?.mac, destination: one?.mac }, arp: { operation: 'reply' } },
        { ethernet: { source: one?.mac, destination: two?.mac }, tcp: { destinationPort: 80 } },
      ])
      await expect(look.fdb('docker0')).to.show({ mac: one?.mac, link: await vethOf('test1'), state: 'learned' })
      await expect(look.fdb('docker0')).to.show({ mac: two?.mac, link: await vethOf('test2'), state: 'learned' })
    })

    step(
      "docker0's table holds the veths' own MACs, and the containers' as well",
      { covers: [differs('S000-14', 'it lists the MACs learned from the containers as well')] },
      async () => {
        const veth = await look.link(await vethOf('test1'))
        const eth0 = await inTest1.link('eth0')
        const { stdout } = await $`brctl showmacs docker0`
        await expect(stdout).to.print(new RegExp(`${veth?.mac}\\s+yes`))
        // The document takes all of them for the veths' MACs. What was learned from frames is the far end's.
        await expect(stdout).to.print(new RegExp(`${eth0?.mac}\\s+no`))
        const shown = await $`ip a`
        await expect(shown.stdout).to.print(`${veth?.mac}`)
        await expect(shown.stdout).not.to.print(`${eth0?.mac}`)
        await expect(look.fdb('docker0')).to.show({ mac: veth?.mac, link: veth?.name, state: 'permanent' })
      },
    )

    step(
      "the number after @if is the ifindex of the container's eth0",
      { covers: ['S000-15', 'S000-16'] },
      async () => {
        const { stdout } = await $`docker exec test1 cat /sys/class/net/eth0/ifindex`
        const veth = await vethOf('test1')
        const shown = await $`ip a |grep @if`
        await expect(shown.stdout).to.print(new RegExp(`^\\d+: ${veth}@if${stdout.trim()}:`, 'm'))
        await expect(look.link(veth)).to.show({ iflink: Number(stdout) })
      },
    )

    step(
      'that number tells the containers apart up to engine 26, and no longer with 28',
      {
        covers: [
          holds('S000-16', { engine: '<28' }),
          differs('S000-16', 'every container has the same number', { engine: '>=28' }),
        ],
        changed: [
          {
            since: 28,
            of: 'addresses and links',
            says: 'A container’s eth0 is made in the container’s netns and numbered there, 2 in each; before, it kept the number that the guest had given it',
          },
        ],
      },
      async () => {
        const version = await $`docker version -f '{{.Server.Version}}'`
        const { stdout } = await $`ip -br link show master docker0`
        const numbers = [...stdout.matchAll(/@if(\d+)/g)].map(([, number]) => number)
        expect(numbers).to.have.lengthOf(3)
        // Up to 26 the engine makes both ends in its own netns, whose numbers differ, and moves one into the container, where
        // it keeps its number. 28 makes that end in the container's netns, where it is the second link: 2 for all.
        const oneForAll = Number.parseInt(version.stdout, 10) >= 28
        expect({ differentNumbers: new Set(numbers).size }).to.deep.equal({ differentNumbers: oneForAll ? 1 : 3 })
      },
    )

    step(
      'without a terminal the documented script finds no veth',
      { covers: [differs('S000-17', 'it needs a terminal')] },
      async () => {
        await $({ input: script })`cat >/tmp/pairing.sh`
        defer`rm /tmp/pairing.sh`
        await $`cat /tmp/pairing.sh`
        const { stdout, stderr } = await $`bash /tmp/pairing.sh </dev/null`
        const ids = (await $`docker ps -q`).stdout.trim().split('\n')
        await expect(stderr).to.print(/the input device is not a TTY/)
        expect(stdout.trim().split('\n')).to.deep.equal(ids.map(id => `${id}:`))
      },
    )

    step('on a terminal it names the veth of every container', { covers: ['S000-17'] }, async () => {
      // script needs an input that does not end: it would pass the end on to the containers, as a character.
      const { stdout } = await $`script -qec 'bash /tmp/pairing.sh' /dev/null </dev/ptmx`
      const lines = stdout.trim().split(/\r?\n/)
      expect(lines).to.have.lengthOf(3)
      for (const line of lines) {
        const [container = '', veth = ''] = line.split(':')
        await expect(look.peer(veth)).to.be.pairedWith(look.in({ container }).peer('eth0'))
      }
    })

    step(
      'and a wrong one when one index is part of another',
      { covers: [differs('S000-17', 'where one index is part of another it names a wrong veth: grep needs -x')] },
      async () => {
        const iflink = (await inTest1.link('eth0'))?.iflink
        // grep finds 5 in 50 as well, and of several files sed leaves the last.
        await $`ip link add vethzz index ${iflink}0 type veth peer name zzpeer`
        defer`ip link delete vethzz`
        const { stdout } = await $`script -qec 'bash /tmp/pairing.sh' /dev/null </dev/ptmx`
        const id = (await $`docker ps -q -f name=test1`).stdout.trim()
        await expect(stdout).to.print(`${id}:vethzz`)
        await expect(look.peer('vethzz')).not.to.be.pairedWith(inTest1.peer('eth0'))
        // With -x, which asks for the whole line, it names the right one.
        await $`sed -i 's/grep -l /grep -lx /' /tmp/pairing.sh`
        const whole = await $`script -qec 'bash /tmp/pairing.sh' /dev/null </dev/ptmx`
        await expect(whole.stdout).to.print(`${id}:${await vethOf('test1')}`)
      },
    )
  },
)
