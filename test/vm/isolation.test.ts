import { chown, lstat, mkdir, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { ensureImage } from '../../vm/image/image.ts'
import type { Machine } from '../../vm/machine.ts'
import { startSandbox } from '../../vm/providers/sandbox/start.ts'
import { defaultSuite } from '../../vm/suite.ts'
import { changes, hostState, networkSocketsOf } from '../faults/host-state.ts'
import { faultyLab, type LabProcess, type PrivateHost, privateHost } from '../faults/private-host.ts'

const top = fileURLToPath(new URL('../..', import.meta.url))
const never = new AbortController().signal
/** Some number that is no user's. */
const user = 47110

describe('a run', function () {
  this.timeout(120_000) // An emulated machine boots.
  let host: PrivateHost
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    host = await privateHost({ copied: true })
  })
  afterEach('nothing is left', async () => expect(await host.leftovers()).to.deep.equal([]))
  after(() => host?.[Symbol.asyncDispose]())

  /** Looks at the host before, while and after a lab acts in a machine. */
  async function observed(start: () => LabProcess, look: () => Promise<void>) {
    const before = await hostState()
    const lab = start()
    try {
      await lab.printed('$ ip link add br01')
      expect(changes(before, await hostState()), 'what it changes while it goes on').to.deep.equal([])
      expect(await networkSocketsOf(lab.pid), 'what listens or talks').to.deep.equal([])
      await look()
    } finally {
      lab.kill('SIGINT')
      await lab.ended
    }
    expect((await lab.ended).exitCode).to.equal(130)
    expect(changes(before, await hostState()), 'what it has changed').to.deep.equal([])
  }

  it('in a sandbox leaves the host’s network as it is, and has no socket there', async () => {
    await observed(
      () => host.lab([faultyLab('waits'), '--on', 'sandbox', '--cold'], { env: { ENGINE: '1' } }),
      () => onlyOwnersRead(join(host.folder, 'run/vethlab-0'), 0),
    )
  })

  it('in a virtual machine needs no more than an ordinary user, and the same holds', async () => {
    // What is root's alone is bound to where everybody may go.
    const [clone, own] = ['/mnt/clone', '/mnt/own']
    const within = relative(top, process.execPath)
    const node = within.startsWith('..') ? process.execPath : within
    const script = `mount -t tmpfs -o mode=755 tmpfs /mnt && mkdir ${clone} ${own} &&
      mount --bind "$0" ${clone} && mount --bind "$1" ${own} && cd ${clone} && shift 2 &&
      exec setpriv --reuid ${user} --regid ${user} --clear-groups --inh-caps=-all --no-new-privs ${node} "$@"`
    for (const folder of ['', 'home', 'cache', 'cache/vethlab', 'cache/vethlab/images', 'run', 'tmp']) {
      await mkdir(join(host.folder, folder), { recursive: true })
      await chown(join(host.folder, folder), user, user)
    }
    const env = {
      ...{ HOME: `${own}/home`, USER: 'somebody', TMPDIR: `${own}/tmp` },
      ...{ XDG_CACHE_HOME: `${own}/cache`, XDG_RUNTIME_DIR: `${own}/run` },
    }
    const behind = ['unshare', '--mount', 'sh', '-c', script, top, host.folder]
    const started = () =>
      host.lab([faultyLab('waits'), '--on', 'qemu', '--cold'], {
        ...{ env, report: false },
        behind,
      })
    const runs = join(host.folder, 'run', `vethlab-${user}`)
    await observed(started, async () => {
      const [run = ''] = await readdir(runs)
      const pid = Number.parseInt(await readFile(join(runs, run, 'machine'), 'utf8'), 10)
      expect(await readFile(`/proc/${pid}/status`, 'utf8')).to.match(
        new RegExp(`^Uid:\\t${user}\\t${user}\\t${user}`, 'm'),
      )
      expect(await readFile(`/proc/${pid}/status`, 'utf8')).to.match(/^CapEff:\t0+$/m)
      await onlyOwnersRead(runs, user)
    })
    expect(await readdir(runs)).to.deep.equal([])
    await rm(runs, { recursive: true })
  })

  /** Everything in the folder belongs to this user, who alone gets in; what holds a key nobody else could read even so. */
  async function onlyOwnersRead(folder: string, uid: number) {
    const found = await readdir(folder, { recursive: true })
    const keys: string[] = []
    for (const path of ['', ...found]) {
      const stat = await lstat(join(folder, path))
      expect(stat.uid, path).to.equal(uid)
      if (!path.includes('/')) expect(stat.mode & 0o777, path).to.equal(0o700)
      if (!stat.isFile()) continue
      const text = await readFile(join(folder, path), 'latin1')
      // As OpenSSH writes it, and as dropbear does.
      if (!/PRIVATE KEY-----|ssh-ed25519\0\0\0\x40/.test(text)) continue
      keys.push(path)
      expect(stat.mode & 0o077, path).to.equal(0)
    }
    expect(keys).to.not.deep.equal([])
  }
})

describe('a sandbox’s root', function () {
  this.timeout(60_000)
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
