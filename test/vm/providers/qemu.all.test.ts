import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { execa } from 'execa'
import { MachineError } from '../../../vm/errors.ts'
import { ensureImage, type Image } from '../../../vm/image/image.ts'
import type { Machine } from '../../../vm/machine.ts'
import { reachKept } from '../../../vm/providers/kept.ts'
import { qemuProgram } from '../../../vm/providers/qemu/argv.ts'
import { startVirtualMachine, type VirtualMachineRequest } from '../../../vm/providers/qemu/start.ts'
import { listRuns } from '../../../vm/providers/run-dir/runs.ts'
import { sweepRunDirs } from '../../../vm/providers/run-dir/sweep.ts'
import { defaultSuite } from '../../../vm/suite.ts'

const never = new AbortController().signal

/** Emulated everywhere: what holds slowly holds. */
describe('a virtual machine', function () {
  this.timeout(600_000)
  let image: Image
  const start = (options: Partial<VirtualMachineRequest> = {}) =>
    startVirtualMachine({
      name: 'qemu:test',
      suite: defaultSuite,
      engine: false,
      label: 'test',
      keep: false,
      report: () => {},
      signal: never,
      program: qemuProgram(process.arch) ?? '',
      accelerator: 'tcg',
      image,
      ...options,
    })

  before(async function () {
    this.timeout(0) // An image may have to be built.
    image = await ensureImage(defaultSuite, { report: console.log, signal: never })
  })

  describe('that boots', () => {
    let machine: Machine
    const run = async (script: string) => (await machine.exec(script)).stdout.trim()

    before(async () => {
      machine = await start({ cold: true })
    })
    after(() => machine?.[Symbol.asyncDispose]())

    it('obeys, as root, on a kernel of its own', async () => {
      const { stdout } = await machine.$`id -u; uname -r; cat /proc/1/comm`
      expect(stdout).to.match(/^0\n\S+-cloud-amd64\nvethlab-init\n$/)
      expect(machine).to.include({ name: 'qemu:test', provider: 'qemu', accelerator: 'tcg', suite: defaultSuite })
      expect(machine.slowness).to.be.greaterThan(1)
    })

    it('reaches outside, and nothing beyond: it has no card', async () => {
      expect(await run('ping -c 1 -W 5 114.114.114.114')).to.include('1 received')
      expect((await run('ls /sys/class/net')).split(/\s+/)).to.have.members(['eth0', 'lo'])
      expect(await run('ls /sys/bus/pci/drivers/virtio-pci | grep -c 0000')).to.equal('3') // rng, disk, ports
    })

    it('writes to memory, on top of an image that stays as it is', async () => {
      expect(await run('touch /usr/bin/new && stat -f -c %T /')).to.match(/overlay/)
      expect(await run('grep -c " /image " /proc/mounts; head -c 4 /dev/vda')).to.equal('0\nhsqs')
      expect((await machine.exec('echo x >/dev/vda')).exitCode).to.not.equal(0)
    })

    it('has its seed, for root alone to read', async () => {
      expect(await run('stat -c "%a %U" /etc/dropbear/dropbear_ed25519_host_key')).to.equal('600 root')
      expect(await run('ls -d /seed /init 2>&1 | grep -c "No such file"')).to.equal('2')
    })

    it('that is killed is told by its end, with how', async () => {
      const hanging = machine.exec('sleep 1000').catch(error => error)
      const reason = await lossAfter(machine, () => process.kill(pidOf(machine), 'SIGKILL'))
      expect(reason).to.be.instanceOf(MachineError)
      expect(reason.message).to.match(/^qemu:test ended by itself: QEMU was killed by SIGKILL/)
      expect(await hanging).to.be.instanceOf(MachineError)
    })

    it('leaves nothing behind', async () => {
      const folder = dirname(machine.dockerSocket)
      expect(existsSync(folder)).to.equal(true)
      await machine[Symbol.asyncDispose]()
      expect(existsSync(folder)).to.equal(false)
    })
  })

  describe('that is kept', () => {
    let machine: Machine
    let pid = 0
    before(async () => {
      machine = await start({ keep: true })
      pid = pidOf(machine)
    })
    after(async () => {
      if (alive(pid)) process.kill(pid, 'SIGKILL')
      await machine?.[Symbol.asyncDispose]()
      await gone(pid)
      // The sweep takes the folder of a kept machine that is gone, once the process that started it is gone too.
      await rm(dirname(machine.dockerSocket), { recursive: true, force: true })
    })

    it('lives on when it is let go of', async () => {
      await machine[Symbol.asyncDispose]()
      await sweepRunDirs()
      expect(alive(pid)).to.equal(true)
    })

    it('lets in whoever has its keys, one after another', async () => {
      const run = (await listRuns()).find(one => one.machine?.pid === pid)
      expect(run?.state).to.equal('kept')
      for (let times = 0; run && times < 2; times++) {
        await using connection = await reachKept(run, { signal: never })
        expect((await connection.exec('id -un')).stdout).to.equal('root\n')
      }
    })

    it('and freezes is noticed by its silence', async () => {
      const run = (await listRuns()).find(one => one.machine?.pid === pid)
      if (!run) throw new Error('it is not listed')
      await using connection = await reachKept(run, { signal: never })
      const reason = await lossAfter(connection, () => process.kill(pid, 'SIGSTOP'))
      expect(reason).to.be.instanceOf(MachineError)
      expect(reason.message).to.match(/ was lost: no sign of life for 3 s, 3 questions unanswered$/)
      process.kill(pid, 'SIGCONT')
    })

    it('is entered as it says, by root', async () => {
      const [socat = '', , address = ''] = machine.entry.enter.split(' ')
      expect(socat).to.equal('socat')
      // A terminal is what it says; a test has none. It hears what is typed once its shell runs, whenever that is.
      const shell = execa(socat, ['-', address], { stdin: 'pipe', reject: false })
      const said: string[] = []
      shell.stdout.on('data', piece => said.push(String(piece)))
      while (!/I am 0 at \/dev\/hvc0/.test(said.join(''))) {
        shell.stdin.write('\necho I am $(id -u) at $(tty)\n')
        await sleep(1000)
      }
      shell.stdin.end('exit\n')
      await shell
    })

    it('is removed as it says', async () => {
      await execa('sh', ['-c', machine.entry.remove])
      await gone(pid)
    })
  })

  describe('that does not come up', () => {
    let dir: string
    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    })
    after(() => rm(dir, { recursive: true, force: true }))

    it('says what the guest said, as soon as it has panicked', async () => {
      const rootfs = join(dir, 'root.sqfs')
      await writeFile(rootfs, 'not a squashfs'.repeat(1000))
      const failure = await failureOf(start({ cold: true, image: { ...image, rootfs } }))
      expect(failure).to.be.instanceOf(MachineError)
      expect(failure.message)
        .to.match(/ended by itself/)
        .and.to.match(/Kernel panic/)
      expect(failure.message).to.include('/dev/vda holds no squashfs')
    })

    it('in time is given up, with its last words', async () => {
      const failure = await failureOf(start({ cold: true, limits: { banner: 200, ready: 20_000, engine: 20_000 } }))
      expect(failure).to.be.instanceOf(MachineError)
      expect(failure.message).to.match(/ 2 s\nits last words: /)
    })

    it('goes when it is called off', async () => {
      const stop = new AbortController()
      const failing = failureOf(start({ cold: true, signal: stop.signal }))
      await until(async () => (await children(process.pid)).find(({ name }) => name.startsWith('qemu')))
      stop.abort(new Error('enough'))
      expect(await failing).to.have.property('message', 'enough')
    })

    afterEach('and nothing is left', async () => {
      expect(await children(process.pid)).to.deep.equal([])
    })
  })

  it('dies with the process that started it, however that dies', async () => {
    const owner = spawn(process.execPath, [join(import.meta.dirname, 'qemu/owner.ts')], { stdio: 'inherit' })
    const qemu = await until(async () => (await children(owner.pid ?? 0)).find(({ name }) => name.startsWith('qemu')))
    process.kill(qemu.pid, 'SIGSTOP')
    owner.kill('SIGKILL')
    // Stopped, its guest can't end itself, as one does whose channel is closed.
    await gone(qemu.pid)
    await sweepRunDirs()
  })
})

function pidOf(machine: Machine): number {
  return Number(machine.entry.remove.split(' ')[1])
}

function lossAfter(machine: Pick<Machine, 'lost'>, act: () => void): Promise<MachineError> {
  return new Promise(resolve => {
    machine.lost.addEventListener('abort', () => resolve(machine.lost.reason), { once: true })
    act()
  })
}

async function failureOf(start: Promise<Machine>): Promise<Error> {
  try {
    await (await start)[Symbol.asyncDispose]()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
  return expect.fail('the machine came up')
}

/** A process that has ended and waits for its parent to look has ended. */
function alive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

async function gone(pid: number): Promise<void> {
  await until(async () => !alive(pid) || undefined)
}

/** Waits for what comes; the test's own limit ends it. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    await sleep(50)
  }
}

/** The processes that a process has started, of which QEMU is what matters here. */
async function children(pid: number): Promise<{ pid: number; name: string }[]> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lists = await Promise.all(
    tasks.map(task => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')),
  )
  const pids = lists.flatMap(list => list.split(' ').filter(Boolean))
  const names = await Promise.all(pids.map(child => readFile(`/proc/${child}/comm`, 'utf8').catch(() => '')))
  return pids.map((child, index) => ({ pid: Number(child), name: (names[index] ?? '').trim() }))
}
