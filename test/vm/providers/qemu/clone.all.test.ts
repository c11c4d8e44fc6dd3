import { copyFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import Docker from 'dockerode'
import { MachineError } from '../../../../vm/errors.ts'
import { linkLocal } from '../../../../vm/guest/identity.ts'
import { ownFiles } from '../../../../vm/guest/self.ts'
import { ensureImage, type Image } from '../../../../vm/image/image.ts'
import type { Machine } from '../../../../vm/machine.ts'
import { qemuProgram } from '../../../../vm/providers/qemu/argv.ts'
import { memoryMiB } from '../../../../vm/providers/qemu/boot.ts'
import { startVirtualMachine, type VirtualMachineRequest } from '../../../../vm/providers/qemu/start.ts'
import { makeTemplate, templateFiles } from '../../../../vm/providers/qemu/template/make.ts'
import type { Suite } from '../../../../vm/suite.ts'

const signal = new AbortController().signal
const program = qemuProgram('x64') ?? ''

/** Emulated everywhere: what holds slowly holds. */
describe('clones', function () {
  this.timeout(600_000) // A template may have to be made, on a busy host.
  const images = new Map<Suite, Image>()
  const start = (suite: Suite, options: Partial<VirtualMachineRequest> = {}) => {
    const image = images.get(suite)
    if (!image) throw new Error(`no image of ${suite}`)
    return startVirtualMachine({
      ...{ name: `qemu:${suite}`, label: 'test', suite, engine: false, keep: false, accelerator: 'tcg' },
      ...{ report: () => {}, signal, program, image, ...options },
    })
  }

  before(async function () {
    this.timeout(0) // Images may have to be built.
    for (const suite of ['bookworm', 'trixie'] as const) {
      images.set(suite, await ensureImage(suite, { report: console.log, signal }))
    }
  })

  for (const [suite, engine] of [
    ['trixie', true],
    ['bookworm', false],
  ] as const) {
    describe(`of one template, started together, on ${suite}`, () => {
      let machines: Machine[] = []
      let seen: Record<string, string>[] = []

      before(async () => {
        const names = ['alpha', 'beta', 'gamma']
        const started = await Promise.allSettled(names.map(hostname => start(suite, { engine, hostname })))
        machines = started.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
        for (const result of started) if (result.status === 'rejected') throw result.reason
        seen = await Promise.all(machines.map(look))
        if (engine) {
          const ids = await Promise.all(
            machines.map(async ({ dockerSocket }) => (await new Docker({ socketPath: dockerSocket }).info()).ID),
          )
          seen = seen.map((facts, index) => ({ ...facts, 'engine id': ids[index] ?? '' }))
        }
      })
      after(() => Promise.all(machines.map(machine => machine[Symbol.asyncDispose]())))

      it('know the time', () => {
        for (const { now, asked, answered } of seen) {
          expect(Number(now)).to.be.within(Number(asked) - 0.5, Number(answered) + 0.5)
        }
      })

      it('have their own names', () => {
        expect(seen.map(({ hostname }) => hostname)).to.deep.equal(['alpha', 'beta', 'gamma'])
        for (const { hosts, hostname } of seen) expect(hosts).to.include(hostname)
      })

      it('have the IPv6 address that follows from the MAC of each link, and no other', () => {
        for (const facts of seen) {
          for (const link of ['eth0', 'lan0']) {
            const mac = Buffer.from((facts[link] ?? '').replaceAll(':', ''), 'hex')
            expect(facts[`${link} addresses`]).to.equal(`${linkLocal(mac).toString('hex')} 82`) // permanent, not tentative
          }
        }
      })

      it('keep their keys to themselves', () => {
        for (const { modes } of seen) expect(modes).to.equal('600 600 600 444 644 644')
      })

      const own = ['random number', 'next random number', 'boot id', 'machine id', 'host key', 'authorized key', 'eth0']
      for (const name of [...own, 'lan0', ...(engine ? ['docker0', 'engine id'] : [])]) {
        it(`have each its own ${name}`, () => {
          const values = seen.map(facts => facts[name])
          for (const value of values) expect(value).to.match(/^\S{12,}$/)
          expect(new Set(values).size, values.join(', ')).to.equal(3)
        })
      }
    })
  }

  describe('of a template that QEMU refuses', () => {
    let cache: string
    before(async () => {
      cache = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    })
    after(() => rm(cache, { recursive: true }))

    it('come from another one, made once, with one line that says why', async () => {
      let count = 0
      const lines: string[] = []
      const make: typeof makeTemplate = (...args) => (count++ === 0 ? makeGarbage(...args) : makeTemplate(...args))
      const machine = await start('trixie', { cache, make, report: line => lines.push(line) })
      expect((await machine.exec('echo it runs')).stdout).to.equal('it runs\n')
      await machine[Symbol.asyncDispose]()
      expect(lines).to.include('qemu:trixie ended by itself: QEMU ended with exit code 1; making its template anew')
      expect(count).to.equal(2)
    })

    it('are given up where the next one is refused, too', async () => {
      let count = 0
      const make: typeof makeTemplate = (...args) => makeGarbage(...args).finally(() => count++)
      const failure = await start('bookworm', { cache, make }).catch(error => error)
      expect(failure).to.be.instanceOf(MachineError)
      expect(failure.message).to.match(/QEMU ended with exit code 1\nqemu-system-x86_64: /)
      expect(count).to.equal(2)
    })
  })

  /** Files that have what it takes to be a template, but for their bytes. */
  const makeGarbage: typeof makeTemplate = async (_recipe, { image, files }) => {
    for (const name of Object.values(templateFiles)) await writeFile(join(files, name), 'garbage')
    await truncate(join(files, templateFiles.memory), memoryMiB * 1024 * 1024)
    await copyFile(image.kernel, join(files, templateFiles.kernel))
  }

  async function look(machine: Machine): Promise<Record<string, string>> {
    const asked = Date.now() / 1000
    const { stdout } = await machine.exec(`date '+now=%s.%N'
      random() { head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \\n'; echo; }
      echo "random number=$(random)"
      echo "next random number=$(random)"
      echo "boot id=$(cat /proc/sys/kernel/random/boot_id)"
      echo "machine id=$(cat /etc/machine-id)"
      echo "host key=$(sha256sum </etc/dropbear/dropbear_ed25519_host_key | head -c 64)"
      echo "authorized key=$(sha256sum </root/.ssh/authorized_keys | head -c 64)"
      echo "hostname=$(hostname)"
      echo "hosts=$(tr '\\n' ' ' </etc/hosts)"
      echo "eth0=$(cat /sys/class/net/eth0/address)"
      echo "docker0=$(cat /sys/class/net/docker0/address)"
      echo "lan0=$(ip netns exec outside cat /sys/class/net/lan0/address)"
      echo "eth0 addresses=$(awk '$6 == "eth0" { print $1, $5 }' /proc/net/if_inet6)"
      echo "lan0 addresses=$(nsenter --net=/run/netns/outside awk '$6 == "lan0" { print $1, $5 }' /proc/net/if_inet6)"
      echo "modes=$(stat -c %a ${Object.values(ownFiles)
        .map(({ path }) => path)
        .join(' ')} | tr '\\n' ' ')"`)
    const pairs = stdout
      .trim()
      .split('\n')
      .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
    return { ...Object.fromEntries(pairs), asked: String(asked), answered: String(Date.now() / 1000) }
  }
})
