import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type CellFlags, cellsMeant } from '../../../harness/cli/cells.ts'
import { resumedFrom } from '../../../harness/cli/resume.ts'
import { type Cell, keyOf, type RunEvent } from '../../../harness/events.ts'
import { HostError } from '../../../vm/errors.ts'
import { begun, eventsOf } from '../reporters/several-labs.ts'

describe('--resume', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vethlab-resume-'))
  })
  after(() => rm(folder, { recursive: true }))

  const trixie = { suite: 'trixie', backend: 'nft' }
  const both = [
    { ...trixie, provider: 'sandbox' },
    { ...trixie, provider: 'qemu' },
  ]

  /** What came to its end of a run of the labs a and b, of which b did not. */
  async function resumed(machines: { provider?: string | null; cells?: Cell[] }, flags: CellFlags) {
    const path = join(folder, 'run.blob')
    const cell = machines.cells?.[0]?.provider === undefined ? {} : { cell: machines.cells[0] }
    const started = { ...begun(['a', 'b']), ...machines } as RunEvent
    const events = [started, ...[...eventsOf('a'), ...eventsOf('b').slice(0, -1)].map(event => ({ ...event, ...cell }))]
    const lines = [{ schema: 'vethlab-blob/1' }, ...events].map(line => `${JSON.stringify(line)}\n`)
    await writeFile(path, lines.join(''))
    try {
      return [...(await resumedFrom(path, cellsMeant(flags))).keys()]
    } catch (error) {
      expect(error).to.be.instanceOf(HostError)
      return (error as HostError).message.replaceAll(`${folder}/`, '')
    }
  }

  it('takes what came to its end in the same kinds of machine', async () => {
    expect(await resumed({}, { on: 'sandbox' })).to.deep.equal([keyOf({ lab: 'a' })])
    expect(await resumed({ provider: 'ssh' }, { on: 'ssh://root@192.0.2.7' })).to.have.length(1)
    const key = keyOf({ lab: 'a', cell: { ...trixie, provider: 'sandbox' } })
    expect(await resumed({ provider: null, cells: both }, { on: 'sandbox,qemu' })).to.deep.equal([key])
  })

  it('takes the provider that was chosen before for the one that auto will choose', async () => {
    expect(await resumed({}, {})).to.deep.equal([keyOf({ lab: 'a' })])
  })

  it('refuses what held in other machines', async () => {
    const had = 'run.blob is of a run in sandbox:trixie, and this one is in'
    expect(await resumed({}, { on: 'qemu' })).to.equal(`${had} qemu:trixie`)
    expect(await resumed({}, { on: 'sandbox', suite: 'forky' })).to.equal(`${had} sandbox:forky`)
    expect(await resumed({}, { on: 'sandbox', backend: 'legacy' })).to.equal(`${had} sandbox:trixie legacy`)
    expect(await resumed({}, { on: 'sandbox,qemu' })).to.equal(`${had} sandbox:trixie, qemu:trixie`)
    expect(await resumed({ provider: null, cells: both }, {})).to.equal(
      'run.blob is of a run in sandbox:trixie, qemu:trixie, and this one is in trixie',
    )
  })
})
