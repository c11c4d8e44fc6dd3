import { expect } from 'chai'
import type { Frame } from '../../../harness/capture/frame.ts'
import { bindLooks, type Looks } from '../../../harness/looks/look.ts'
import { LookError } from '../../../harness/looks/probe.ts'
import type { Machine } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'

const topology = `set -e
sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
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
  ip -n ns0$i route add default via 192.168.88.1
done
sysctl -qw net.ipv4.ip_forward=1`

describe('a capture', () => {
  let machine: Machine
  let look: Looks
  const veth02 = { on: 'veth02', in: { netns: 'ns02' } }
  const echoes = (frames: Frame[]) => frames.filter(({ icmp }) => icmp).map(({ at, icmp }) => `${at} ${icmp?.type}`)
  const act = async (script: string) => {
    const { exitCode, stderr } = await machine.exec(script)
    expect(exitCode, stderr).to.equal(0)
  }
  const failed = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      error => error,
    )
  const nobodyListens = async () => {
    // pgrep itself says 1 when it finds none.
    expect((await machine.exec('pgrep -a tcpdump')).stdout).to.equal('')
  }

  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    const { signal } = new AbortController()
    machine = await sandbox.start({
      label: 'test',
      suite: 'trixie',
      engine: false,
      keep: false,
      report: () => {},
      signal,
    })
    look = bindLooks(machine)
    await act(topology)
    // So that no question for a MAC is in the way of counting.
    await act('ip netns exec ns01 ping -q -c 1 192.168.88.12 && ping -q -c 1 192.168.88.12')
  })

  afterEach(nobodyListens)

  after(() => machine?.[Symbol.asyncDispose]())

  it('sees a frame at each point of its way, in order', async () => {
    const frames = await look.capture(['br-veth01', veth02], {
      filter: 'icmp',
      while: () => act('ip netns exec ns01 ping -q -c 1 192.168.88.12'),
    })
    expect(echoes(frames)).to.deep.equal([
      'br-veth01 echo-request',
      'veth02 in netns ns02 echo-request',
      'veth02 in netns ns02 echo-reply',
      'br-veth01 echo-reply',
    ])
    expect(frames.map(({ time }) => time)).to.deep.equal(frames.map(({ time }) => time).sort((a, b) => a - b))
  })

  it('listens from the first packet to the last, without a pause before or after', async () => {
    for (let round = 0; round < 10; round++) {
      const frames = await look.capture('br01', {
        filter: 'icmp',
        while: () => act('ip netns exec ns01 ping -q -c 2 -i 0.002 192.168.88.12'),
      })
      expect(echoes(frames), `round ${round}`).to.have.length(4)
    }
  })

  it('reads what is left in the ring before it ends', async () => {
    // Stopped while the frames pass, tcpdump has all of them still to read when the capture is over.
    const frames = await look.capture('br-veth01', {
      filter: 'icmp',
      while: () =>
        act(`p=$(pgrep tcpdump); kill -STOP $p; ip netns exec ns01 ping -q -f -c 200 192.168.88.12
(sleep 0.3; exec kill -CONT $p) >/dev/null 2>&1 &`),
    })
    expect(echoes(frames)).to.have.length(400)
  })

  it('catches every frame of a burst, at two points', async () => {
    const frames = await look.capture(['br-veth01', veth02], {
      filter: 'icmp',
      while: () => act('ip netns exec ns01 ping -q -f -c 400 192.168.88.12'),
    })
    expect(echoes(frames)).to.have.length(1600)
  })

  it('says that the kernel dropped frames rather than that they were not there', async () => {
    // A tcpdump that is stopped reads nothing, and its ring fills.
    const error = await failed(
      look.capture('br-veth01', {
        while: () =>
          act(`p=$(pgrep tcpdump); kill -STOP $p; ip netns exec ns01 ping -q -f -c 3000 192.168.88.12; kill -CONT $p`),
      }),
    )
    expect(error).to.be.an.instanceOf(LookError)
    expect(error.message).to.match(/^capture at br-veth01: the kernel dropped \d+ frames/)
  })

  it('goes on until what is awaited has come, and no longer', async () => {
    const frames = await look.capture('br01', {
      filter: 'icmp',
      while: () => act('(sleep 0.5; exec ip netns exec ns01 ping -q -c 1 192.168.88.12) >/dev/null 2>&1 &'),
      until: seen => echoes(seen).includes('br01 echo-reply'),
      patienceMs: 600_000, // far longer than this test may take
    })
    expect(echoes(frames)).to.deep.equal(['br01 echo-request', 'br01 echo-reply'])
  })

  it('ends when patience does, with what came', async () => {
    const started = performance.now()
    const frames = await look.capture('br01', {
      filter: 'icmp',
      while: async () => {},
      until: () => false,
      patienceMs: 200,
    })
    expect(frames).to.deep.equal([])
    expect(performance.now() - started).to.be.at.least(199) // a timer may fire a millisecond early
  })

  it('lingers where it is to be shown that nothing comes late', async () => {
    const late = () => act('(sleep 0.2; exec ip netns exec ns01 ping -q -c 1 192.168.88.12) >/dev/null 2>&1 &')
    expect(echoes(await look.capture('br01', { filter: 'icmp', while: late, lingerMs: 3000 }))).to.have.length(2)
    await act('while pgrep -x ping; do sleep 0.02; done')
  })

  it('sees a router count hops down and a masquerade change the source', async () => {
    await act('iptables -t nat -A POSTROUTING -s 192.168.88.0/24 -o eth0 -j MASQUERADE')
    const frames = await look.capture(['br01', 'eth0', { on: 'lan0', in: { netns: 'outside' }, as: 'outside' }], {
      filter: 'host 114.114.114.114',
      while: () => act('ip netns exec ns01 ping -q -c 1 114.114.114.114'),
    })
    await act('iptables -t nat -F')
    const requests = frames.filter(({ icmp }) => icmp?.type === 'echo-request')
    expect(requests.map(({ at, ip }) => [at, ip?.source, ip?.ttl])).to.deep.equal([
      ['br01', '192.168.88.11', 64],
      ['eth0', '203.0.113.2', 63],
      ['outside', '203.0.113.2', 63],
    ])
  })

  it('captures on bare names in the place that it looks from', async () => {
    const frames = await look.in({ netns: 'ns01' }).capture('veth01', {
      filter: 'icmp',
      while: () => act('ip netns exec ns01 ping -q -c 1 192.168.88.12'),
    })
    expect(echoes(frames)).to.deep.equal(['veth01 in netns ns01 echo-request', 'veth01 in netns ns01 echo-reply'])
  })

  it('refuses what cannot be listened at, and runs nothing then', async () => {
    let ran = false
    const act = async () => {
      ran = true
    }
    const message = async (promise: Promise<unknown>) => {
      const error = await failed(promise)
      expect(error).to.be.an.instanceOf(LookError)
      return error.message
    }
    expect(await message(look.capture(['br01', 'br99'], { while: act }))).to.match(/^capture at br99: .*No such device/)
    expect(await message(look.capture('br01', { filter: 'host and', while: act }))).to.match(
      /^capture at br01: .*syntax error/,
    )
    expect(await message(look.capture({ on: 'eth0', in: { netns: 'ns09' } }, { while: act }))).to.equal(
      'capture at eth0 in netns ns09: no such netns, these are: ns01 ns02 outside',
    )
    expect(ran).to.equal(false)
  })

  it('passes on the error of what it watched', async () => {
    const wrong = new Error('wrong')
    expect(await failed(look.capture('br01', { while: () => Promise.reject(wrong) }))).to.equal(wrong)
  })

  it('keeps what it saw of an interface that goes away', async () => {
    await act(
      'ip link add short type veth peer name lived && ip link set short up && ip link set lived up && ip addr add 192.0.2.1/24 dev short',
    )
    const frames = await look.capture('short', {
      filter: 'arp',
      while: () => act('ping -q -c 1 -W 0.1 192.0.2.2; ip link delete short'),
    })
    expect(frames[0]?.arp?.target.ip).to.equal('192.0.2.2')
  })

  it('does not hide that its tcpdump was killed', async () => {
    const error = await failed(look.capture('br01', { while: () => act('pkill -KILL tcpdump') }))
    expect(error).to.be.an.instanceOf(LookError)
    expect(error.message).to.match(/^capture at br01: /)
  })
})
