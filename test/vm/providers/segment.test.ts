import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { MachineError } from '../../../vm/errors.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import { holderOf } from './segment/holder.ts'
import { describeSegment, joined, names, ping, start, until } from './segment/wire.ts'

const owner = join(import.meta.dirname, 'segment/owner.ts')

describeSegment(sandbox)

describe('a segment of sandboxes', () => {
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })

  it('is one wire: a third machine hears what two say to each other', async () => {
    const machines = await Promise.all(names.map(name => start(sandbox, name)))
    await using segment = await joined(sandbox, machines)
    expect(segment.lost.aborted).to.equal(false)
    expect(await ping(machines[0], 2)).to.equal(true)
    const overheard = machines[2]?.exec('timeout 10 tcpdump -n -c 2 -i eth1 icmp and host 172.16.1.2')
    await until(async () => (await machines[2]?.exec('pgrep tcpdump'))?.exitCode === 0)
    await until(async () => {
      await ping(machines[0], 2)
      return (await machines[2]?.exec('pgrep tcpdump'))?.exitCode !== 0
    })
    expect((await overheard)?.stdout).to.match(/172\.16\.1\.1 > 172\.16\.1\.2: ICMP echo request/)
    await Promise.all(machines.map(machine => machine[Symbol.asyncDispose]()))
  })

  it('leaves the host’s own network as it was', async () => {
    const links = () => execa('ip', ['-br', 'link']).then(({ stdout }) => stdout)
    const before = await links()
    const seen: string[] = []
    const watching = execa('ip', ['monitor', 'link'], { reject: false })
    watching.stdout?.on('data', piece => seen.push(String(piece)))
    const machines = await Promise.all(names.slice(0, 2).map(name => start(sandbox, name)))
    const segment = await joined(sandbox, machines)
    await segment.cut('alpha')
    await segment.restore('alpha')
    await segment[Symbol.asyncDispose]()
    await Promise.all(machines.map(machine => machine[Symbol.asyncDispose]()))
    watching.kill()
    await watching
    expect(await links()).to.equal(before)
    expect(seen).to.deep.equal([])
  })

  it('is lost when what holds it ends, and says so', async () => {
    const machines = await Promise.all(names.slice(0, 2).map(name => start(sandbox, name)))
    await using segment = await joined(sandbox, machines, ['omega', 'psi'])
    const lost = once(segment.lost, 'abort')
    process.kill(holderOf('omega'), 'SIGKILL')
    await lost
    expect(segment.lost.reason).to.be.instanceOf(MachineError)
    expect(segment.lost.reason.message).to.equal('the segment wire is gone: what held it ended with SIGKILL')
    await Promise.all(machines.map(machine => machine[Symbol.asyncDispose]()))
  })

  it('goes with its owner, however that ends', async () => {
    const child = spawn(process.execPath, [owner, 'stay'], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    const all = descendantsOf(child.pid ?? 0)
    // Two sandboxes' own processes, what holds the segment, and a tcpdump for each port.
    expect(all.map(commandOf).filter(command => /tcpdump|sleep infinity/.test(command))).to.have.lengthOf(3)
    child.kill('SIGKILL')
    await until(() => all.every(pid => commandOf(pid) === ''))
  })

  it('kept, joins the machines until the last is removed', async () => {
    const { stdout } = await execa(process.execPath, [owner, 'keep'])
    const { remove, kept } = JSON.parse(stdout) as { remove: string[]; kept: string }
    expect(kept).to.equal('the machines stay joined, until the last of them is removed')
    const [alpha = 0, beta = 0] = remove.map(command => Number(/\d+/.exec(command)?.[0]))
    const inAlpha = ['--target', String(alpha), '--all', 'ping', '-c', '1', '-W', '2', '172.16.1.2']
    await until(async () => (await execa('nsenter', inAlpha, { reject: false })).exitCode === 0)
    const holder = readdirSync('/proc')
      .map(Number)
      .find(pid => new RegExp(`tail --pid=(${alpha}|${beta}) `).test(commandOf(pid)))
    process.kill(alpha, 'SIGTERM')
    await until(() => commandOf(alpha) === '')
    expect(commandOf(holder ?? 0)).to.include('tail')
    process.kill(beta, 'SIGTERM')
    await until(() => commandOf(holder ?? 0) === '')
  })
})

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Empty for a process that is gone, or a zombie. */
function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap(child => [child, ...descendantsOf(child)])
}
