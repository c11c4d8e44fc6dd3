import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { bindLooks, type Looks } from '../../../harness/looks/look.ts'
import { paired } from '../../../harness/looks/peer.ts'
import { LookError } from '../../../harness/looks/probe.ts'
import { residueDifference, residueProbe } from '../../../harness/looks/residue.ts'
import type { Machine } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'

/** The real thing: a sandbox with an engine, two netns on a bridge, a container. */
const topology = `set -e
ip link add br01 type bridge
ip addr add 192.168.88.1/24 dev br01
ip link set br01 up
for i in 1 2; do
  ip netns add ns0$i
  ip link add veth0$i type veth peer name br-veth0$i
  ip link set br-veth0$i master br01 up
  ip link set veth0$i netns ns0$i
  ip -n ns0$i addr add 192.168.88.1$i/24 dev veth0$i
  ip -n ns0$i link set veth0$i up
done
iptables -I FORWARD -i br01 -j ACCEPT
docker run -d --name web vethlab/web >/dev/null
docker create --name idle vethlab/web >/dev/null`

const undo = `docker rm -f web idle >/dev/null
iptables -D FORWARD -i br01 -j ACCEPT
ip link delete br-veth01
ip link delete br-veth02
ip netns delete ns01
ip netns delete ns02
ip link delete br01`

describe('looks at a machine', () => {
  let machine: Machine
  let look: Looks
  let state: string[]

  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    const { signal } = new AbortController()
    machine = await sandbox.start({
      label: 'test',
      suite: 'trixie',
      engine: true,
      keep: false,
      report: () => {},
      signal,
    })
    look = bindLooks(machine)
    state = await look.at(residueProbe())
    const { exitCode, stderr } = await machine.exec(topology)
    expect(exitCode, stderr).to.equal(0)
  })

  after(() => machine?.[Symbol.asyncDispose]())

  it('look anew each time', async () => {
    const sysctl = look.sysctl('net.ipv4.conf.br01.proxy_arp')
    expect(await sysctl).to.equal('0')
    await machine.exec('sysctl -w net.ipv4.conf.br01.proxy_arp=1')
    expect(await sysctl).to.equal('1')
    expect(await sysctl.take()).to.equal('1')
  })

  it('look from the guest, from a netns and from a container', async () => {
    const [inGuest, inNetns, inContainer] = await Promise.all([
      look.links(),
      look.in({ netns: 'ns01' }).links(),
      look.in({ container: 'web' }).links(),
    ])
    expect(inGuest.map(({ name }) => name)).to.include.members(['br01', 'br-veth01', 'docker0', 'eth0'])
    expect(inNetns.map(({ name }) => name))
      .to.include('veth01')
      .and.not.to.include('br01')
    expect(inContainer.map(({ name }) => name)).to.deep.equal(['lo', 'eth0'])
    expect(await look.in({ netns: 'ns01' }).in('guest').link('br01')).not.to.equal(undefined)
  })

  it('say in their titles where they look from', () => {
    expect(look.link('br01').title).to.equal('link br01')
    expect(look.in({ netns: 'ns01' }).link('veth01').title).to.equal('link veth01 in netns ns01')
    expect(look.in({ container: 'web' }).routes({ table: 'local' }).title).to.equal(
      'routes of table local in container web',
    )
  })

  it('prove a veth paired with the end in a netns, and with the end in a container', async () => {
    expect(paired(await look.peer('br-veth01'), await look.in({ netns: 'ns01' }).peer('veth01')).paired).to.equal(true)
    expect(paired(await look.peer('br-veth01'), await look.in({ netns: 'ns02' }).peer('veth02')).paired).to.equal(false)
    const inside = await look.in({ container: 'web' }).peer('eth0')
    const outside = (await look.links()).find(
      ({ ifindex, master }) => ifindex === inside?.iflink && master === 'docker0',
    )
    expect(paired(inside, await look.peer(outside?.name ?? '')).paired).to.equal(true)
  })

  it('see a container through the engine, and that there is none', async () => {
    expect((await look.container('web'))?.State.Running).to.equal(true)
    expect(await look.container('nobody')).to.equal(undefined)
    const nameless = await look
      .container('')
      .take()
      .catch(error => error)
    expect(nameless).to.be.instanceOf(LookError).with.property('message', 'container without a name')
  })

  it('see processes by name, those in containers too, and whatever the place', async () => {
    const [dockerd, ...others] = await look.processes('dockerd')
    expect(others).to.deep.equal([])
    expect(dockerd?.command).to.equal('dockerd')
    expect(await look.in({ container: 'web' }).processes('dockerd')).to.deep.equal([dockerd])
    const pid = (await look.container('web'))?.State.Pid
    const comm = (await machine.exec(`cat /proc/${pid}/comm`)).stdout.trim()
    expect((await look.processes(comm)).map(found => found.pid)).to.include(pid)
    expect(await look.processes('d.ckerd')).to.deep.equal([])
    expect(await look.processes('nobody')).to.deep.equal([])
  })

  it('see the names in a directory, none in an empty one, and that there is none', async () => {
    await machine.exec("mkdir -p /tmp/names/empty; touch /tmp/names/.hidden '/tmp/names/a b'")
    expect(await look.files('/tmp/names')).to.deep.equal(['.hidden', 'a b', 'empty'])
    expect(await look.files('/tmp/names/empty')).to.deep.equal([])
    expect(await look.files('/tmp/nowhere')).to.equal(undefined)
    const error = await look
      .files('/etc/hosts')
      .take()
      .catch(reason => reason)
    expect(error).to.be.instanceOf(LookError).with.property('message').that.contains('Not a directory')
  })

  it('see the bridge of a network, and which one a container is plugged into', async () => {
    expect(await look.bridge('bridge')).to.equal('docker0')
    expect(await look.bridgeBehind('web')).to.equal('docker0')
    expect(await look.bridgeBehind('web', 'lo')).to.equal(undefined)
    expect(await look.bridgeBehind('web', 'eth7')).to.equal(undefined)
    const messageOf = (network: string) =>
      look
        .bridge(network)
        .take()
        .then(
          () => '',
          error => error.message,
        )
    expect(await messageOf('host')).to.equal('network host has no bridge: its driver is host')
    expect(await messageOf('nobody')).to.equal('no such network: nobody')
  })

  it('refuse a place that is not there, and list those that are', async () => {
    const failed = (from: Looks) =>
      from
        .links()
        .take()
        .then(
          () => undefined,
          error => error,
        )
    expect(await failed(look.in({ netns: 'ns03' })))
      .to.be.an.instanceOf(LookError)
      .and.to.have.property('message', 'links in netns ns03: no such netns, these are: ns01 ns02 outside')
    const nobody = await failed(look.in({ container: 'nobody' }))
    expect(nobody).to.be.an.instanceOf(LookError)
    expect(nobody.message).to.match(/^no such container: nobody; these are: .*\bweb\b/)
    expect((await failed(look.in({ container: 'idle' }))).message).to.match(/idle isn't running \(created\)/)
  })

  it('reach, or tell why not', async () => {
    const ns01 = look.in({ netns: 'ns01' })
    const address = (await look.container('web'))?.NetworkSettings.Networks.bridge?.IPAddress ?? ''
    expect(await ns01.ping('192.168.88.12')).to.include({ sent: 1, received: 1 })
    expect(await ns01.ping('192.168.88.13', { timeoutS: 0.3 })).to.include({ sent: 1, received: 0 })
    expect(await look.http(`http://${address}/`)).to.include({ status: 200 })
    expect(await look.tcp(address, 80)).to.deep.equal({ connected: true })
    expect(await look.tcp(address, 81)).to.deep.equal({ connected: false, error: 'Connection refused' })
  })

  it('together see what each sees alone, in one round trip', async () => {
    let trips = 0
    const counted = bindLooks({ ...machine, exec: script => machine.exec(script, { input: `${trips++}` }) })
    const set = {
      bridge: counted.link('br01'),
      end: counted.in({ netns: 'ns01' }).link('veth01'),
      inner: counted.together({ ports: counted.ports('br01'), inContainer: counted.in({ container: 'web' }).routes() }),
      web: counted.container('web'),
      absent: counted.link('nothing'),
    }
    const seen = await counted.together(set)
    expect(trips).to.equal(1)
    expect(seen.bridge).to.deep.equal(await look.link('br01'))
    expect(seen.end).to.deep.equal(await look.in({ netns: 'ns01' }).link('veth01'))
    expect(seen.inner.ports.map(({ name }) => name)).to.deep.equal(['br-veth01', 'br-veth02'])
    expect(seen.inner.inContainer).to.deep.include({
      type: 'unicast',
      destination: 'default',
      gateway: '172.17.0.1',
      link: 'eth0',
      flags: [],
    })
    expect(seen.web?.Name).to.equal('/web')
    expect(seen.absent).to.equal(undefined)
  })

  it('can be named before there is a machine', async () => {
    let up: Machine | undefined
    const early = bindLooks(() => {
      if (!up) throw new Error('no machine yet')
      return up
    })
    const bridge = early.in('guest').link('br01')
    up = machine
    expect((await bridge)?.kind).to.equal('bridge')
  })

  it('leave no trace: a residue is seen, and gone after its undoing', async () => {
    const difference = async () => residueDifference(state, await look.at(residueProbe()))
    const left = await difference()
    expect(left).to.include.members([
      '+ netns ns01',
      '+ link br01 bridge up mtu 1500',
      '+ rule ip filter -A FORWARD -i br01 -j ACCEPT',
    ])
    expect(left.some(line => line.startsWith('+ container web of vethlab/web, running'))).to.equal(true)
    await machine.exec('touch /run/netns/stale')
    expect(await difference()).to.include('+ file /run/netns/stale, which no netns is bound to')
    await machine.exec(`rm /run/netns/stale; ${undo}`)
    // A netns takes its time to go, and a container's ports to close.
    let rest = await difference()
    for (let looks = 0; rest.length > 0 && looks < 300; looks++) {
      await pause(100)
      rest = await difference()
    }
    expect(rest).to.deep.equal([])
  })

  it('see an engine, that none answers or runs while it is stopped, and the next one and what it logs', async () => {
    const service = async (action: string) =>
      expect((await machine.exec(`service docker ${action}`)).exitCode).to.equal(0)
    expect(await look.engine()).to.include({ IPv4Forwarding: true, Containers: 0 })
    await service('stop')
    expect(await look.engine()).to.equal(undefined)
    expect(await look.processes('dockerd')).to.deep.equal([])
    expect(await look.log('docker')).to.equal(undefined)
    await service('start')
    while (!(await look.engine())) await pause(100)
    expect((await look.engine())?.ServerVersion).to.match(/^26\.1/)
    expect((await look.network('bridge'))?.Driver).to.equal('bridge')
    expect(await look.log('docker')).to.contain('API listen on /var/run/docker.sock')
    expect((await look.processes('dockerd'))[0]?.command).to.match(/^\S*dockerd -p /)
  })
})
