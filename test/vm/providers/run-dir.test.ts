import { type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { HostError } from '../../../vm/errors.ts'
import { identifySelf } from '../../../vm/providers/run-dir/identity.ts'
import { folderName } from '../../../vm/providers/run-dir/record.ts'
import { listRuns } from '../../../vm/providers/run-dir/runs.ts'
import { sweepRunDirs } from '../../../vm/providers/run-dir/sweep.ts'
import { makeRunDir } from '../../../vm/providers/run-dir.ts'

const facts = { label: 'bridge-nat', provider: 'sandbox', suite: 'trixie', uses: [] } as const
const make = () => makeRunDir({ ...facts, uses: [] })
const login = { username: 'root', privateKey: '', hostKey: '' } as const
const entry = { name: undefined, enter: 'enter it', remove: 'remove it' }

describe('a run folder', () => {
  let runtime = ''
  let before: string | undefined

  beforeEach(async () => {
    before = process.env.XDG_RUNTIME_DIR
    runtime = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    process.env.XDG_RUNTIME_DIR = runtime
  })

  afterEach(async () => {
    if (before === undefined) delete process.env.XDG_RUNTIME_DIR
    else process.env.XDG_RUNTIME_DIR = before
    await rm(runtime, { recursive: true })
  })

  it('is private, short enough for sockets, and another one each time', async () => {
    const [one, other] = [await make(), await make()]
    expect((await stat(one.path)).mode & 0o777).to.equal(0o700)
    expect(join('/run/user/4294967295', one.path.slice(runtime.length), 'docker.sock')).to.have.length.below(108)
    expect(one.path).to.not.equal(other.path)
  })

  it('goes when it is removed', async () => {
    const run = await make()
    await run.remove()
    expect(existsSync(run.path)).to.equal(false)
  })

  it('stays through a sweep while its owner lives', async () => {
    const run = await make()
    await sweepRunDirs()
    expect(existsSync(run.path)).to.equal(true)
  })

  it('goes with a sweep when its owner is dead, and so does the machine that lives on', async () => {
    const { left, machine } = await leftBehind('machine')
    const ended = once(machine, 'exit')
    await sweepRunDirs()
    expect(existsSync(left)).to.equal(false)
    expect(await ended).to.deep.equal([null, 'SIGKILL'])
  })

  it('stays through a sweep while the machine lives that it was kept for', async () => {
    const { left, machine } = await leftBehind('kept')
    await sweepRunDirs()
    expect(existsSync(left)).to.equal(true)

    const ended = once(machine, 'exit')
    machine.kill()
    await ended
    await sweepRunDirs()
    expect(existsSync(left)).to.equal(false)
  })

  it('of a kept machine goes with the first run after its end, though the run that kept it goes on', async () => {
    const run = await make()
    const machine = spawn('sleep', ['60'], { stdio: 'ignore' })
    run.ownMachine(machine.pid ?? 0)
    run.keep(entry, login)
    await run.remove()
    await sweepRunDirs()
    expect(existsSync(run.path)).to.equal(true)
    const ended = once(machine, 'exit')
    machine.kill()
    await ended
    await sweepRunDirs()
    expect(existsSync(run.path)).to.equal(false)
  })

  it('stays when its owner is of a PID namespace that is not ours: who knows', async () => {
    const self = identifySelf()
    const elsewhere = join(dirname((await make()).path), folderName({ ...self, pid: 1, pidNamespace: 'other' }, 0))
    await mkdir(elsewhere)
    await sweepRunDirs()
    expect(existsSync(elsewhere)).to.equal(true)
    expect((await listRuns()).map(({ state }) => state)).to.have.members(['elsewhere', 'running'])
  })

  it('goes when the host has been started anew since, and no process is ended for it', async () => {
    const run = await make()
    run.ownMachine(process.pid)
    const left = join(dirname(run.path), folderName({ ...identifySelf(), boot: '00000000' }, 0))
    await rename(run.path, left)
    expect(await sweepRunDirs()).to.deep.include({
      folder: left,
      processes: 0,
      cgroups: 0,
      record: { ...facts, name: 'bridge-nat', kept: null },
    })
    expect(existsSync(left)).to.equal(false)
  })

  it('does not take another process with the same number for the owner', async () => {
    // Our number, another start time.
    const left = join(dirname((await make()).path), folderName({ ...identifySelf(), start: 1 }, 0))
    await mkdir(left)
    await writeFile(join(left, 'log'), '')
    await sweepRunDirs()
    expect(existsSync(left)).to.equal(false)
  })

  it('is told from what somebody else put beside it', async () => {
    const other = join(dirname((await make()).path), 'notes')
    await mkdir(other)
    await sweepRunDirs()
    expect(existsSync(other)).to.equal(true)
  })

  it('of a run that was killed before it knew its machine takes the machine along all the same', async () => {
    const run = await make()
    const left = join(dirname(run.path), folderName({ ...identifySelf(), pid: 1 }, 0))
    await rename(run.path, left)
    // What it is called is what counts; bash stands for QEMU.
    const qemu = { argv0: 'qemu-system-x86_64', stdio: ['pipe', 'ignore', 'ignore'] } satisfies SpawnOptions
    const machine = spawn('bash', ['-c', 'read -rt 60', `file:${left}/serial.log`], qemu)
    const reader = spawn('sleep', ['60'], { stdio: 'ignore', argv0: `less ${left}/serial.log` })
    await once(machine, 'spawn')
    try {
      const ended = once(machine, 'exit')
      await sweepRunDirs()
      expect(await ended).to.deep.equal([null, 'SIGKILL'])
      expect(reader.signalCode).to.equal(null)
    } finally {
      reader.kill()
    }
  })

  it('gives each machine a name of its own, which its record tells to others', async () => {
    const names = (await Promise.all([make(), make(), make()])).map(({ name }) => name)
    expect(names).to.have.members(['bridge-nat', 'bridge-nat-2', 'bridge-nat-3'])
    expect((await listRuns()).map(({ record }) => record?.name)).to.have.members(names)
  })

  it('is refused where others could write what we believe', async () => {
    const run = await make()
    await chmod(dirname(run.path), 0o777)
    expect(await make().catch(error => error)).to.be.instanceOf(HostError)
  })

  /** A folder of an owner that is dead, and a live process that is the machine. */
  async function leftBehind(role: 'machine' | 'kept') {
    const run = await make()
    const machine = spawn('sleep', ['60'], { stdio: 'ignore' })
    run.ownMachine(machine.pid ?? 0)
    if (role === 'kept') run.keep(entry, login)
    const left = join(dirname(run.path), folderName({ ...identifySelf(), pid: 1 }, 0))
    await rename(run.path, left)
    return { left, machine }
  }
})
