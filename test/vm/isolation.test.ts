import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { ensureImage } from '../../vm/image/image.ts'
import type { Machine } from '../../vm/machine.ts'
import { startSandbox } from '../../vm/providers/sandbox/start.ts'
import { defaultSuite } from '../../vm/suite.ts'
import { faultyLab, type PrivateHost, privateHost } from '../faults/private-host.ts'
import { observed, onlyOwnersRead } from './observed.ts'

const never = new AbortController().signal

describe('a run', function () {
  this.timeout(120_000)
  let host: PrivateHost
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    host = await privateHost({ copied: true })
  })
  afterEach('nothing is left', async () => expect(await host.leftovers()).to.deep.equal([]))
  after(() => host?.[Symbol.asyncDispose]())

  it('in a sandbox leaves the host’s network as it is, and has no socket there', async () => {
    await observed(
      () => host.lab([faultyLab('waits'), '--on', 'sandbox', '--cold'], { env: { ENGINE: '1' } }),
      () => onlyOwnersRead(join(host.folder, 'run/vethlab-0'), 0),
    )
  })
})

describe('a sandbox’s root', () => {
  let machine: Machine
  const run = async (script: string) => (await machine.exec(script)).stdout.trim()
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    const { rootfs } = await ensureImage(defaultSuite, { report: console.log, signal: never })
    const kind = { label: 'test', suite: defaultSuite, engine: true, keep: false }
    machine = await startSandbox({ ...kind, rootfs, report: () => {}, signal: never })
  })
  after(() => machine?.[Symbol.asyncDispose]())

  it('finds no way to the host’s network namespace: no process, no mount, no open file leads there', async () => {
    const ofHost = await readlink('/proc/self/ns/net')
    const seen = await run('readlink /proc/[0-9]*/ns/net /proc/[0-9]*/fd/* | grep "^net:" | sort -u')
    expect(seen)
      .to.match(/^net:\[\d+\]$/)
      .and.to.not.equal(ofHost)
    // That of `outside`, twice, as /run is shared.
    const held = (await run('grep nsfs /proc/self/mountinfo | cut -d" " -f4 | sort -u')).split('\n')
    expect(held).to.have.length(1).and.to.not.include(ofHost)
    expect(await run('nsenter --target 1 --net readlink /proc/self/ns/net')).to.not.equal(ofHost)
  })

  it('sees the host’s links in no sysfs, also if it mounts one anew', async () => {
    expect(await run('mount -t sysfs sysfs /mnt && ls /mnt/class/net; umount /mnt')).to.equal('docker0\neth0\nlo')
  })

  it('has the same in a container with all that Docker can give: it is the sandbox’s', async () => {
    const ofHost = await readlink('/proc/self/ns/net')
    const privileged = 'docker run --rm --privileged --pid host --network host busybox'
    const seen = await run(`${privileged} nsenter -t 1 -n readlink /proc/self/ns/net; readlink /proc/1/ns/net`)
    const [inside, own] = seen.split('\n')
    expect(inside).to.equal(own)
    expect(inside).to.not.equal(ofHost)
  })

  it('of a container without privileges reaches no netns but its own', async () => {
    const { exitCode } = await machine.exec('docker run --rm --pid host busybox nsenter -t 1 -n true')
    expect(exitCode).to.not.equal(0)
  })
})
