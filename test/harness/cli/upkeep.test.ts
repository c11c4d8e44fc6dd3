import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { inWords } from '../../../harness/cli/ps.ts'
import { machinesMeant } from '../../../harness/cli/rm.ts'
import { HostError } from '../../../vm/errors.ts'
import type { MachineStatus } from '../../../vm/providers/run-dir/describe.ts'
import type { Run, RunState } from '../../../vm/providers/run-dir/runs.ts'
import { faultyLab, type PrivateHost, privateHost } from '../../faults/private-host.ts'
import { guestProcesses } from '../../faults/processes.ts'

const machine: MachineStatus = {
  ...{ name: 'bridge-nat', label: 'bridge-nat', provider: 'qemu', suite: 'trixie', state: 'kept' },
  ...{ pid: 4711, owner: 12, ageS: 7500, memory: 340e6, kept: { enter: 'socat', remove: 'kill 4711' } },
}

describe('the machines that are alive', () => {
  it('are told in a table, with what can be done about them', () => {
    const running = { ...machine, name: 'publish-port', state: 'running' as const, pid: undefined, memory: undefined }
    expect(inWords([machine, running])).to.equal(
      [
        'NAME          MACHINE      STATE      UP           PID  MEMORY',
        'bridge-nat    qemu:trixie  kept       2 h 05 min  4711  340 MB',
        'publish-port  qemu:trixie  run of 12  2 h 05 min     -       -',
        '',
        'Kept: npm run lab shell NAME enters one, npm run lab rm NAME removes it.',
        '',
      ].join('\n'),
    )
    expect(inWords([])).to.equal('No machine is alive.\n')
    expect(inWords([{ ...machine, state: 'left' }])).to.include('npm run lab gc')
  })

  it('are removed by their names, and only kept ones', () => {
    const run = (name: string, state: RunState) => ({ state, owner: { pid: 12 }, record: { name } }) as unknown as Run
    const runs = [run('bridge-nat', 'kept'), run('bridge-nat-2', 'kept'), run('publish-port', 'running')]
    expect(machinesMeant(['bridge-nat-2', 'bridge-nat-2'], runs)).to.deep.equal([runs[1]])
    const refusal = (...names: string[]) => {
      try {
        return machinesMeant(names, runs) && undefined
      } catch (error) {
        return error instanceof HostError ? [error.message, error.mend].join('; ') : undefined
      }
    }
    expect(refusal('bridge-nta')).to.match(
      /no kept machine "bridge-nta"; did you mean .*known: bridge-nat, bridge-nat-2$/,
    )
    expect(refusal('publish-port')).to.match(/^publish-port is not kept: it is the machine of process 12/)
    expect(refusal()).to.match(/no machine was named; kept: bridge-nat, bridge-nat-2$/)
  })
})

describe('npm run lab', function () {
  this.timeout(180_000)
  let host: PrivateHost
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    host = await privateHost({ copied: true })
  })
  afterEach('nothing is left', async () => expect(await host.leftovers()).to.deep.equal([]))
  after(() => host?.[Symbol.asyncDispose]())

  const said = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await host.lab(args, { report: false }).ended
    return { exitCode, said: stdout + stderr }
  }

  it('ps, rm and gc say so when there is nothing', async () => {
    expect(await said('ps')).to.deep.equal({ exitCode: 0, said: 'No machine is alive.' })
    expect(await said('ps', '--json')).to.deep.equal({ exitCode: 0, said: '[]' })
    expect(await said('rm', '--all')).to.deep.equal({ exitCode: 0, said: 'No machine is kept.' })
    expect(await host.gc()).to.deep.equal({ exitCode: 0, said: 'Nothing was left behind.' })
  })

  it('ps shows kept machines beside one whose run goes on; rm removes the kept ones', async () => {
    const keeping = [faultyLab('waits'), '--on', 'sandbox', '--keep']
    const begun = Date.now()
    for (let times = 0; times < 2; times++) await host.lab(keeping, { env: { ACT_S: '0' } }).ended
    const going = host.lab([faultyLab('waits'), '--on', 'sandbox'], { env: { ACT_S: '600' } })
    await going.printed('$ ip link add br01')
    const name = faultyLab('waits')
    const listed = JSON.parse((await said('ps', '--json')).said)
    expect(listed).to.have.length(3)
    for (const each of listed) {
      expect(each).to.include({ lab: name, provider: 'sandbox', suite: 'trixie' })
      expect(each.memory).to.be.above(1e6)
      // In ticks of the kernel's, so about a hundredth of a second.
      expect(Date.parse(each.since)).to.be.within(begun - 100, Date.now() + 100)
    }
    expect(listed.map((each: { name: string; state: string }) => [each.name, each.state])).to.deep.equal([
      [name, 'kept'],
      [`${name}-2`, 'kept'],
      [`${name}-3`, 'running'],
    ])
    expect(await host.gc()).to.deep.equal({ exitCode: 0, said: 'Nothing was left behind.' })
    expect((await said('rm', `${name}-3`)).exitCode).to.equal(2)
    expect(await said('rm', name)).to.deep.equal({ exitCode: 0, said: `removed ${name}` })
    expect(await said('rm', '--all')).to.deep.equal({ exitCode: 0, said: `removed ${name}-2` })
    expect(await guestProcesses(going.pid)).not.to.deep.equal([])
    going.kill('SIGINT')
    await going.ended
  })

  it('gc removes what a killed run has left, and says what', async () => {
    const lab = host.lab([faultyLab('waits'), '--on', 'sandbox'])
    await lab.printed('$ ip link add br01')
    lab.kill('SIGKILL')
    await lab.ended
    while ((await guestProcesses(lab.pid)).length > 0) await pause(10)
    const { exitCode, said: words } = await host.gc()
    expect(words).to.match(
      new RegExp(`^removed the machine of ${faultyLab('waits')}: (\\d+ process(es)?, )?\\d+ cgroups?, /`),
    )
    expect(exitCode).to.equal(0)
  })

  it('the next run removes what killed makers have left, whatever they were making', async () => {
    const cache = join(host.cache, 'vethlab')
    const [image = ''] = (await readdir(join(cache, 'images'))).filter(name => /^trixie-\w+$/.test(name))
    for (const store of ['images', 'templates', 'engines']) {
      await mkdir(join(cache, store, '.building-trixie-0123456789ab-Xx1'), { recursive: true })
    }
    await mkdir(join(cache, 'kvm'), { recursive: true })
    const notes = ['kvm/0123456789abcdef.json', `images/${image}/verified.json`].map(name => join(cache, name))
    for (const note of notes) {
      await writeFile(`${note}.4194305`, '') // nobody's number: it is larger than any
      await writeFile(`${note}.1`, '') // of a process that lives
    }
    const { ended } = host.lab([faultyLab('waits'), '--on', 'sandbox'], { env: { ACT_S: '0' } })
    expect((await ended).exitCode).to.equal(0)
    expect(await host.leftovers()).to.have.members(notes.map(note => `half ${note}.1`))
    for (const note of notes) await rm(`${note}.1`)
  })

  it('gc removes half an image, but not one that is being built', async () => {
    await using bare = await privateHost({ image: false })
    const building = bare.lab([faultyLab('throws'), '--on', 'sandbox'])
    await building.printed(/image, \d+ s: /)
    const images = join(bare.cache, 'vethlab/images')
    const [site = ''] = (await readdir(images)).filter(name => name.startsWith('.building'))
    expect((await bare.gc()).said).to.equal('Nothing was left behind.')
    building.kill('SIGKILL')
    expect((await building.ended).exitCode, 'it still built').to.equal(undefined)
    // One of another recipe, that nobody builds any more.
    await rename(join(images, site), join(images, '.building-trixie-0123456789ab-Xx1'))
    await writeFile(join(images, 'trixie-0123456789ab.lock'), '')
    expect((await bare.gc()).said).to.equal(
      `removed what was half made: ${join(images, '.building-trixie-0123456789ab-Xx1')}`,
    )
    expect(await bare.leftovers()).to.deep.equal([])
  })
})
