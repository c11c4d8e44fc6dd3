import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, existsSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { execa } from 'execa'
import { MachineError } from '../../../vm/errors.ts'
import { ensureImage } from '../../../vm/image/image.ts'
import type { Machine } from '../../../vm/machine.ts'
import { sweepRunDirs } from '../../../vm/providers/run-dir/sweep.ts'
import { startSandbox } from '../../../vm/providers/sandbox/start.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import { defaultSuite } from '../../../vm/suite.ts'
import { changes, hostState } from '../../faults/host-state.ts'
import { descendants, type ProcessSeen } from '../../faults/processes.ts'
import { itRunsTheEngine } from './sandbox/engine.ts'

const never = new AbortController().signal
const owner = join(import.meta.dirname, 'sandbox', 'owner.ts')

describe('a sandbox', function () {
  this.timeout(90_000)
  let rootfs = ''

  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    rootfs = (await ensureImage(defaultSuite, { report: console.log, signal: never })).rootfs
  })

  const start = (options: Partial<Parameters<typeof startSandbox>[0]> = {}) => {
    return startSandbox({
      suite: defaultSuite,
      rootfs,
      engine: false,
      label: 'test',
      keep: false,
      report: () => {},
      signal: never,
      ...options,
    })
  }

  describe('without an engine', () => {
    let machine: Machine
    const run = async (script: string) => (await machine.exec(script)).stdout.trim()

    before(async () => {
      machine = await start()
    })
    after(() => machine?.[Symbol.asyncDispose]())

    it('has a name, a first process and processes of its own', async () => {
      expect(await run('hostname'))
        .to.equal('guest')
        .and.to.not.equal(hostname())
      expect(await run('cat /proc/1/comm')).to.equal('vethlab-init')
      expect(await run('ps -e -o comm=')).to.not.match(/node|mocha/)
    })

    it('has lo and an uplink, and no other link', async () => {
      expect(JSON.parse(await run('ip -j link')).map((link: { ifname: string }) => link.ifname)).to.deep.equal([
        'lo',
        'eth0',
      ])
      // What sysfs shows is what brctl and others read.
      expect((await run('ls /sys/class/net')).split(/\s+/)).to.have.members(['lo', 'eth0'])
    })

    it('has an uplink that is up on both ends when the start is over', async () => {
      expect(await run('cat /sys/class/net/eth0/operstate')).to.equal('up')
      expect(await run('ip netns exec outside cat /sys/class/net/lan0/operstate')).to.equal('up')
    })

    it('sees no file system, disk or device of the host', async () => {
      expect(await run('find /dev -type b')).to.equal('')
      expect((await run('ls /dev')).split(/\s+/)).to.include.members(['null', 'urandom', 'ptmx', 'pts', 'shm', 'fd'])
      expect(await run('bash -c "cat <(echo one) /dev/stdin <<<two"')).to.equal('one\ntwo')

      const path = join(tmpdir(), `vethlab-test-${process.pid}`)
      await writeFile(path, 'of the host')
      try {
        expect(await run(`cat ${path} /proc/1/root${path} /proc/1/cwd/../../../..${path} || echo none`)).to.equal(
          'none',
        )
      } finally {
        await rm(path)
      }
      const disks = await run('cut -d" " -f3 /proc/mounts | sort -u')
      expect(disks.split('\n')).to.not.include.members(['ext4']).and.to.not.include('squashfs')
      expect(await run('cat /proc/self/mountinfo')).to.not.include('vethlab-')
    })

    it('can change settings of its netns, but none of the host’s kernel', async () => {
      const before = await readFile('/proc/sys/vm/swappiness', 'utf8')
      expect((await machine.exec('sysctl -w vm.swappiness=7')).exitCode).to.not.equal(0)
      expect(await readFile('/proc/sys/vm/swappiness', 'utf8')).to.equal(before)

      await run('ip netns exec outside sysctl -w net.ipv4.conf.all.log_martians=1')
      expect(await run('ip netns exec outside sysctl -n net.ipv4.conf.all.log_martians')).to.equal('1')
      expect(await run('sysctl -n net.ipv4.conf.all.log_martians')).to.equal('0')
    })

    it('has an outside that answers at the gateway’s address and at the one that the documents ping', async () => {
      for (const address of ['203.0.113.1', '114.114.114.114']) {
        expect(await run(`ping -c 1 -W 2 ${address}`)).to.include('1 received')
      }
    })

    it('has an outside that knows no private subnet and forwards nothing, and forwards nothing itself', async () => {
      const routes = JSON.parse(await run('ip -n outside -j route')) as { dst: string }[]
      expect(routes.map(route => route.dst)).to.deep.equal(['203.0.113.0/24'])
      for (const address of ['10.0.0.1', '172.17.0.1', '192.168.0.1']) {
        expect((await machine.exec(`ip netns exec outside ping -c 1 -W 1 ${address} 2>&1`)).stdout).to.include(
          'Network is unreachable',
        )
      }
      expect(await run('sysctl -n net.ipv4.ip_forward; ip netns exec outside sysctl -n net.ipv4.ip_forward')).to.equal(
        '0\n0',
      )
    })

    it('reaches nothing beyond outside', async () => {
      expect((await machine.exec('ping -c 1 -W 1 192.0.2.1')).stdout).to.match(/Net Unreachable|100% packet loss/)
    })

    it('has never run an engine: no docker0, no chain, no rule', async () => {
      expect(await run('ip link show docker0 2>&1')).to.include('does not exist')
      expect(await run('iptables-legacy-save; iptables-nft-save; nft list ruleset')).to.equal('')
      expect(await run('pgrep -c "dockerd|containerd"')).to.equal('0')
      expect(await run('ls -A /var/lib/docker /run/docker* 2>&1')).to.match(/^ls: cannot access/)
    })

    it('reaps what its processes leave behind', async () => {
      // Whose shell has ended before it does; a zombie would be there for good.
      const orphan = await run('(sleep 0.05 >/dev/null 2>&1 & echo $!)')
      expect(orphan).to.match(/^\d+$/)
      expect(await run(`while [ -e /proc/${orphan} ]; do sleep 0.01; done; echo gone`)).to.equal('gone')
    })
  })

  itRunsTheEngine(defaultSuite, start)

  it('leaves the host’s links, routes, rules and settings as they were', async () => {
    const before = await hostState()
    await using machine = await start({ engine: true })
    await machine.exec('docker run -d -p 8080:80 vethlab/web; sysctl -w net.ipv4.ip_forward=0 net.ipv4.ip_forward=1')
    expect(changes(before, await hostState())).to.deep.equal([])
  })

  it('is gone when it has been disposed, whatever ran in it, and can be disposed twice', async () => {
    const machine = await start({ engine: true })
    await machine.exec('docker run -d busybox sleep 1000; nohup sleep 1000 >/dev/null 2>&1 & ip netns add left')
    const name = await nameOf(initOf(machine))
    const runDir = dirname(machine.dockerSocket)
    expect(await processesOf(name)).to.have.length.above(5)
    expect(await cgroupsOf(name)).to.not.deep.equal([])

    await machine[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
    expect(await processesOf(name)).to.deep.equal([])
    expect(await cgroupsOf(name)).to.deep.equal([])
    expect(existsSync(runDir)).to.equal(false)
    expect(machine.lost.aborted).to.equal(false)
  })

  it('goes with the process that owns it, killed without warning, and the next run removes the rest', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    // A file of its own, so that its loop device is known.
    const own = join(folder, 'root.sqfs')
    await copyFile(rootfs, own, constants.COPYFILE_FICLONE)
    try {
      const child = spawn(process.execPath, [owner, 'engine,stay', 'docker run -d busybox sleep 1000', own], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const { entry } = await firstLine(child.stdout)
      const name = await nameOf(Number(/\d+/.exec(entry.remove)?.[0]))
      expect(await loopFiles()).to.include(own)

      child.kill('SIGKILL')
      await once(child, 'exit')
      await until(async () => (await processesOf(name)).length === 0)
      await until(async () => !(await loopFiles()).includes(own))
      expect(await readFile('/proc/self/mountinfo', 'utf8'))
        .to.not.include(name)
        .and.to.not.include(folder)

      await sweepRunDirs()
      expect(await cgroupsOf(name)).to.deep.equal([])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('ends although a container in it is paused, also when it was kept, or its run was killed', async function () {
    // Where cgroup version 1 freezes, a frozen process can't be killed.
    this.timeout(90_000)
    const pause = 'docker run -d --name frozen busybox sleep 1000 && docker pause frozen'
    const machine = await start({ engine: true })
    expect(await machine.exec(pause)).to.include({ exitCode: 0 })
    const name = await nameOf(initOf(machine))
    await machine[Symbol.asyncDispose]()
    expect(await processesOf(name)).to.deep.equal([])

    const { stdout } = await execa(process.execPath, [owner, 'engine,keep', pause, rootfs])
    const { entry: kept } = JSON.parse(stdout) as Owned
    const nameOfKept = await nameOf(Number(/\d+/.exec(kept.remove)?.[0]))
    await execa(kept.remove, { shell: true })
    await until(async () => (await processesOf(nameOfKept)).length === 0)
    await sweepRunDirs()

    const child = spawn(process.execPath, [owner, 'engine,stay', pause, rootfs], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const { entry } = await firstLine(child.stdout)
    const left = await nameOf(Number(/\d+/.exec(entry.remove)?.[0]))
    child.kill('SIGKILL')
    await once(child, 'exit')
    await sweepRunDirs()
    await until(async () => (await processesOf(left)).length === 0)
    expect(await cgroupsOf(left)).to.deep.equal([])
  })

  it('is lost when it is killed from outside, and says how it died', async () => {
    await using machine = await start()
    const running = machine.exec('sleep 1000').catch(error => error)
    const lost = once(machine.lost, 'abort')
    process.kill(initOf(machine), 'SIGKILL')
    await lost
    expect(machine.lost.reason).to.be.instanceOf(MachineError)
    expect(machine.lost.reason.message).to.equal(`sandbox:${defaultSuite} ended by itself: killed by SIGKILL`)
    expect(await running).to.be.instanceOf(MachineError)
  })

  it('ends when its ssh server does: nobody can reach it any more', async () => {
    await using machine = await start()
    const name = await nameOf(initOf(machine))
    const lost = once(machine.lost, 'abort')
    await machine.exec('pkill sshd').catch(() => {})
    await lost
    expect(machine.lost.aborted).to.equal(true)
    await until(async () => (await processesOf(name)).length === 0)
  })

  it('outlives its owner when it is kept, can be entered, and goes when told', async () => {
    const { stdout } = await execa(process.execPath, [owner, 'keep', 'touch /root/was-here', rootfs])
    const { entry } = JSON.parse(stdout) as Owned
    const name = await nameOf(Number(/\d+/.exec(entry.remove)?.[0]))
    const inside = await execa(entry.enter, { shell: true, input: 'hostname; ls /root/was-here; ip -br link' })
    expect(inside.stdout).to.match(/^guest\n\/root\/was-here\nlo .*\neth0@if3 /)
    // Another run leaves it alone.
    await sweepRunDirs()
    expect(await processesOf(name)).to.not.deep.equal([])

    await execa(entry.remove, { shell: true })
    await until(async () => (await processesOf(name)).length === 0)
    await sweepRunDirs()
    expect(await cgroupsOf(name)).to.deep.equal([])
  })

  it('works where cgroup version 2 is alone', async () => {
    const script = 'umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"'
    const command =
      'docker run --rm busybox cat /proc/self/cgroup; docker info --format {{.CgroupVersion}}; find /sys/fs/cgroup -name init'
    const { stdout } = await execa('unshare', [
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
      process.execPath,
      owner,
      'engine',
      command,
      rootfs,
    ])
    expect((JSON.parse(stdout) as Owned).stdout.trim().split('\n').slice(-2)).to.deep.equal([
      '2',
      '/sys/fs/cgroup/init',
    ])
  })

  it('says what went wrong when it can’t start, and leaves nothing', async () => {
    const before = await runDirsOfOurs()
    const folder = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    try {
      await writeFile(join(folder, 'root.sqfs'), Buffer.alloc(8192, 7))
      const failed = await failure(start({ rootfs: join(folder, 'root.sqfs') }))
      expect(failed).to.be.instanceOf(MachineError)
      expect(failed.message).to.match(/^sandbox:trixie ended by itself: exit code \d+\n.*mount/s)
    } finally {
      await rm(folder, { recursive: true })
    }
    expect(await runDirsOfOurs()).to.deep.equal(before)
  })

  it('says what the engine said when that does not start', async () => {
    const file = { path: '/etc/docker/daemon.json', mode: 0o644, content: '{"no-such-option": true}' }
    const failed = await failure(start({ engine: true, files: [file] }))
    expect(failed).to.be.instanceOf(MachineError)
    expect(failed.message).to.match(/did not come up: the engine did not start.*no-such-option/s)
  })

  it('ends when its engine crashes, and says so; not when the engine is stopped', async () => {
    await using machine = await start({ engine: true })
    const stopped =
      'kill $(cat /run/docker.pid) && while [ -e /run/docker.pid ]; do sleep 0.1; done; dockerd >/dev/null 2>&1 &'
    await machine.exec(`${stopped} until docker info >/dev/null 2>&1; do sleep 0.1; done`)
    expect(machine.lost.aborted).to.equal(false)

    const lost = once(machine.lost, 'abort')
    await machine.exec('pkill -KILL containerd').catch(() => {})
    await lost
    expect(machine.lost.reason).to.be.instanceOf(MachineError)
    expect(machine.lost.reason.message).to.match(/ ended by itself: .*\ncontainerd was killed by SIGKILL$/)
  })

  it('has an engine that is a service, with the options of /etc/default/docker', async () => {
    await using machine = await start({ engine: true })
    const service = async (script: string) => expect((await machine.exec(script)).exitCode, script).to.equal(0)
    await service('service docker status && service docker stop && ! service docker status && ! docker info')
    await service(`echo 'DOCKER_OPTS="--mtu=1400"' >> /etc/default/docker && service docker start`)
    await service('until docker info; do sleep 0.1; done')
    const inspect = 'docker network inspect -f \'{{index .Options "com.docker.network.driver.mtu"}}\' bridge'
    expect((await machine.exec(inspect)).stdout).to.equal('1400\n')

    // One that refuses its options is no crash.
    await service(`service docker stop && echo 'DOCKER_OPTS=--nonsense' > /etc/default/docker && service docker start`)
    await service('until grep nonsense /var/log/docker.log; do sleep 0.1; done; sleep 0.5')
    expect(machine.lost.aborted).to.equal(false)
    await service('rm /etc/default/docker && service docker start && until docker info; do sleep 0.1; done')

    const lost = once(machine.lost, 'abort')
    await machine.exec('kill -KILL $(cat /run/docker.pid)').catch(() => {})
    await lost
    expect(machine.lost.reason).to.be.instanceOf(MachineError)
    expect(machine.lost.reason.message).to.match(/ ended by itself: .*\ndockerd was killed$/)
  })

  it('does not wait for an engine a part of which is killed while it starts', async () => {
    // Where the machine was up before the blow came, once more.
    let failed = new Error('it started')
    while (/ started$/.test(failed.message)) {
      const starting = failure(start({ engine: true }))
      process.kill(await inside(({ name }) => name === 'containerd'), 'SIGKILL')
      failed = await starting
    }
    expect(failed).to.be.instanceOf(MachineError)
    expect(failed.message).to.match(/containerd was killed by SIGKILL|the engine did not start/)
  })

  it('can be given up while it starts', async () => {
    const before = await runDirsOfOurs()
    const abort = new AbortController()
    const reason = new Error('given up')
    const starting = failure(start({ engine: true, signal: abort.signal }))
    await inside(({ numbers }) => numbers[1] === 1)
    abort.abort(reason)
    expect(await starting).to.equal(reason)
    expect(await runDirsOfOurs()).to.deep.equal(before)
  })

  it('is refused to whoever is not root, before anything is built', async () => {
    const provider = new URL('../../../vm/providers/sandbox.ts', import.meta.url)
    const script = `const { sandbox } = await import('${provider}')
      await sandbox.start({ suite: 'trixie', report() {} }).catch(({ name, message, mend }) => console.log(name, message, mend))`
    // In a user namespace without a mapping root is nobody.
    const { stdout } = await execa('unshare', ['--user', process.execPath, '--input-type=module', '-e', script])
    expect(stdout).to.match(/^HostError the sandbox needs root on Linux: linux, user 65534 use sudo, or --on qemu/)
  })

  it('finds that this host has all that it needs', async () => {
    expect((await sandbox.check()).filter(finding => !finding.ok)).to.deep.equal([])
  })
})

interface Owned {
  entry: { enter: string; remove: string }
  stdout: string
}

function initOf(machine: Machine): number {
  return Number(/\d+/.exec(machine.entry.remove)?.[0])
}

/** Why a start failed. A machine that started all the same goes, or the tests would never end. */
async function failure(starting: Promise<Machine>): Promise<Error> {
  try {
    await using machine = await starting
    return new Error(`${machine.name} started`)
  } catch (error) {
    return error as Error
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<Owned> {
  for await (const line of createInterface({ input: stream })) return JSON.parse(line)
  throw new Error('the owner printed nothing')
}

/** The name of a sandbox's run folder, which its cgroups and its outermost process bear too. */
async function nameOf(init: number): Promise<string> {
  const [, name = ''] = /vethlab-([\w-]+)/.exec(await readFile(`/proc/${init}/cgroup`, 'utf8')) ?? []
  expect(name).to.not.equal('')
  return name
}

/** The host's processes that belong to the sandbox of that name: by their cgroups, or their command line. */
async function processesOf(name: string): Promise<string[]> {
  const numbers = (await readdir('/proc')).filter(entry => /^\d+$/.test(entry))
  const found = numbers.map(async pid => {
    const texts = ['cgroup', 'cmdline'].map(file => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''))
    return (await Promise.all(texts)).some(text => text.includes(name)) ? [pid] : []
  })
  return (await Promise.all(found)).flat()
}

async function loopFiles(): Promise<string[]> {
  const names = await readdir('/sys/block')
  const files = names.map(name => readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => ''))
  return (await Promise.all(files)).map(file => file.trim())
}

/** The host's cgroups of the sandbox of that name. */
async function cgroupsOf(name: string): Promise<string[]> {
  // It ends with 1 where a cgroup, of somebody else's, goes while it looks.
  const { stdout, exitCode } = await execa('find', ['/sys/fs/cgroup', '-name', `vethlab-${name}`], { reject: false })
  expect(exitCode).to.be.oneOf([0, 1])
  return stdout.split('\n').filter(Boolean)
}

// Another test of this process may have kept a machine, whose folder the next start sweeps.
async function runDirsOfOurs(): Promise<string[]> {
  await sweepRunDirs()
  const base = join(process.env.XDG_RUNTIME_DIR || tmpdir(), 'vethlab-0')
  return (await readdir(base).catch(() => [])).filter(name => name.startsWith(`${process.pid}-`))
}

/** The number of the first process of this kind that is in a sandbox of ours. */
async function inside(wanted: (seen: ProcessSeen) => boolean): Promise<number> {
  for (;;) {
    const all = await descendants(process.pid)
    const found = all.find(seen => seen.numbers.length > 1 && wanted(seen))
    if (found) return found.number
    await sleep(5)
  }
}

/** Waits for what comes; the test's own limit ends it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20)
}
