import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import type { Machine } from '../../../../vm/machine.ts'
import { sandbox } from '../../../../vm/providers/sandbox.ts'
import type { Joiner, Segment } from '../../../../vm/segment.ts'
import { defaultSuite } from '../../../../vm/suite.ts'

export const names = ['alpha', 'beta', 'gamma']
const mac = (host: number) => `02:00:00:00:01:0${host}`

/** Starts a machine of this name. */
export async function start(provider: Joiner, hostname: string): Promise<Machine> {
  const signal = new AbortController().signal
  const asked = { label: 'test', hostname, suite: defaultSuite, engine: false, keep: false, cold: false, signal }
  return await provider.start({ ...asked, report: () => {} })
}

/** Joins machines, and waits until their links are up. */
export async function joined(provider: Joiner, machines: Machine[], called = names): Promise<Segment> {
  const plugs = machines.map((machine, i) => ({ machine, name: called[i] ?? '', mac: mac(i + 1), number: 1 }))
  const segment = await provider.join({ name: 'wire', plugs, keep: false })
  for (const [i, machine] of machines.entries()) {
    const { exitCode, stderr } = await machine.exec(
      `ip address add 172.16.1.${i + 1}/24 dev eth1; ip link set eth1 up; until grep -q up /sys/class/net/eth1/operstate; do sleep 0.02; done`,
    )
    if (exitCode !== 0) throw new Error(stderr)
  }
  return segment
}

/** Whether a machine reaches the host of this number. */
export const ping = async (machine: Machine | undefined, host: number) =>
  (await machine?.exec(`ping -c 1 -W 2 172.16.1.${host}`))?.exitCode === 0
/** Waits for something that comes; the test's own limit ends it. */
export const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await sleep(50)
}

/** What holds of a segment, whichever provider joins it. */
export function describeSegment(provider: Joiner): void {
  describe(`a segment, in ${provider.name}`, function () {
    this.timeout(180_000)
    let machines: Machine[] = []
    let segment: Segment

    before(async function () {
      this.timeout(0) // An image and a template may have to be made.
      if (provider === sandbox && process.getuid?.() !== 0) this.skip()
      // Three show a wire that all hear; two of them are enough where each costs seconds.
      const count = provider === sandbox ? 3 : 2
      machines = await Promise.all(names.slice(0, count).map(name => start(provider, name)))
      segment = await joined(provider, machines)
    })
    after(async () => {
      await segment?.[Symbol.asyncDispose]()
      await Promise.all(machines.map(machine => machine[Symbol.asyncDispose]()))
    })

    it('gives each machine a link of the name and the MAC that were asked for, and nothing else', async () => {
      for (const [i, machine] of machines.entries()) {
        const { stdout } = await machine.exec('ip -br link | grep -v "^lo "; cat /sys/class/net/eth1/address; hostname')
        expect(stdout.replace(/@\S+/g, '')).to.match(/^eth0 .*\neth1 +UP .*\n/)
        expect(stdout.trim().split('\n').slice(2)).to.deep.equal([mac(i + 1), names[i]])
      }
    })

    it('carries frames, and tells each once, with the machine that sent it', async () => {
      const seen: string[] = []
      const stop = await segment.listen(({ from, bytes, length, time }) => {
        const echo =
          bytes[12] === 0x08 && bytes[13] === 0 && bytes[23] === 1
            ? { 8: 'request', 0: 'reply' }[bytes[34] ?? 0]
            : undefined
        if (echo) seen.push(`${from} ${echo} ${length}`)
        expect(Math.abs(Number(time / 1_000_000n) - Date.now())).to.be.lessThan(60_000)
      })
      expect(await ping(machines[0], 2)).to.equal(true)
      await stop()
      expect(seen.toSorted()).to.deep.equal(['alpha request 98', 'beta reply 98'])
      expect(await ping(machines[0], 2)).to.equal(true)
      expect(seen).to.have.lengthOf(2)
    })

    it('has told all that was sent when listening ends', async () => {
      let told = 0
      const stop = await segment.listen(({ bytes }) => {
        // Discard, port 9.
        if (bytes[23] === 17 && bytes[36] === 0 && bytes[37] === 9) told++
      })
      await machines[0]?.exec(
        'i=0; while [ $((i += 1)) -le 300 ]; do echo $i >/dev/udp/172.16.1.2/9; done'
          .replace(/^/, "bash -c '")
          .concat("'"),
      )
      await stop()
      expect(told).to.equal(300)
    })

    it('passes whole frames of 1500 octets, and none that no wire would, of what the guests cut a large write into', async () => {
      const [alpha, beta] = machines
      let longest = 0
      const stop = await segment.listen(({ length }) => {
        longest = Math.max(longest, length)
      })
      const received = beta?.exec('nc -l -N 9000 | sha256sum')
      const { stdout } = (await alpha?.exec(
        'head -c 1000000 /dev/urandom >/run/data; until nc -N 172.16.1.2 9000 </run/data 2>/dev/null; do sleep 0.1; done; sha256sum </run/data',
      )) ?? { stdout: '' }
      expect(stdout).to.match(/^[0-9a-f]{64} /)
      expect((await received)?.stdout).to.equal(stdout)
      await stop()
      expect(longest).to.equal(14 + 1500)
    })

    it('cut: neither side hears the other, and the machine knows; restored: as before', async () => {
      const [alpha, beta] = machines
      const carrier = async () => (await alpha?.exec('cat /sys/class/net/eth1/carrier'))?.stdout.trim()
      const heard: string[] = []
      const stop = await segment.listen(({ from }) => heard.push(from))
      await segment.cut('alpha')
      await until(async () => (await carrier()) === '0')
      heard.length = 0
      expect(await ping(beta, 1)).to.equal(false)
      expect(heard).to.include('beta').and.not.to.include('alpha')
      await segment.restore('alpha')
      await until(async () => (await carrier()) === '1' && (await ping(beta, 1)))
      await stop()
      expect(heard).to.include('alpha')
    })
  })
}
