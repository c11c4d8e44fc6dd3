import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { expect } from 'chai'
import { HostError } from '../../../vm/errors.ts'
import { makeRunDir, sweepRunDirs } from '../../../vm/providers/run-dir.ts'

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
    const [one, other] = [await makeRunDir(), await makeRunDir()]
    expect((await stat(one.path)).mode & 0o777).to.equal(0o700)
    expect(join('/run/user/4294967295', one.path.slice(runtime.length), 'docker.sock')).to.have.length.below(108)
    expect(one.path).to.not.equal(other.path)
  })

  it('goes when it is removed', async () => {
    const run = await makeRunDir()
    await run.remove()
    expect(existsSync(run.path)).to.equal(false)
  })

  it('stays through a sweep while its owner lives', async () => {
    const run = await makeRunDir()
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
    const run = await makeRunDir()
    const machine = spawn('sleep', ['60'], { stdio: 'ignore' })
    await run.ownMachine(machine.pid ?? 0, { keep: true })
    await run.remove()
    await sweepRunDirs()
    expect(existsSync(run.path)).to.equal(true)
    const ended = once(machine, 'exit')
    machine.kill()
    await ended
    await sweepRunDirs()
    expect(existsSync(run.path)).to.equal(false)
  })

  it('does not take another process with the same number for the owner', async () => {
    const run = await makeRunDir()
    // Our number, another start time.
    const left = join(dirname(run.path), `${process.pid}-1-0`)
    await makeFolder(left)
    await sweepRunDirs()
    expect(existsSync(left)).to.equal(false)
  })

  it('is refused where others could write what we believe', async () => {
    const run = await makeRunDir()
    await chmod(dirname(run.path), 0o777)
    expect(await makeRunDir().catch(error => error)).to.be.instanceOf(HostError)
  })

  /** A folder of an owner that is dead, and a live process that is the machine. */
  async function leftBehind(role: 'machine' | 'kept') {
    const run = await makeRunDir()
    const machine = spawn('sleep', ['60'], { stdio: 'ignore' })
    await run.ownMachine(machine.pid ?? 0, { keep: role === 'kept' })
    const left = join(dirname(run.path), `1-1-${basename(run.path)}`)
    await rename(run.path, left)
    return { left, machine }
  }

  async function makeFolder(path: string) {
    await mkdir(path)
    await writeFile(join(path, 'log'), '')
  }
})
