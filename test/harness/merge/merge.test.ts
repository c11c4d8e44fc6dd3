import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type InLab, keyOf, type RunEvent } from '../../../harness/events.ts'
import { readBlob } from '../../../harness/merge/blob.ts'
import { endedRuns, mergedEvents } from '../../../harness/merge/merge.ts'
import { jsonReport } from '../../../harness/reporters/json.ts'
import { tally } from '../../../harness/run/totals.ts'
import { HostError } from '../../../vm/errors.ts'
import { begun, eventsOf } from '../reporters/several-labs.ts'

const whole: InLab[] = ['a', 'b', 'c'].map(lab => ({ lab }))

/** What a shard of a run of three labs tells. */
function shard(index: number, of: number, labs: string[], status: 'passed' | 'failed' = 'passed'): RunEvent[] {
  const start = { ...begun(labs), shard: { index, of, whole } } as RunEvent
  const events = [start, ...labs.flatMap(name => eventsOf(name, { status }))]
  return [...events, end(events, status === 'passed' ? 0 : 1)]
}

function end(events: RunEvent[], exitCode: number): RunEvent {
  const totals = tally()
  for (const event of events) totals.on(event)
  return { type: 'run-ended', at: '2026-03-01T10:00:09.000Z', exitCode, totals: totals.sum(), ms: 9000 }
}

describe('blobs', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vethlab-blobs-'))
  })
  after(() => rm(folder, { recursive: true }))

  const blob = async (name: string, events: RunEvent[], { cut = 0 } = {}) => {
    const path = join(folder, name)
    const text = [{ schema: 'vethlab-blob/1' }, ...events].map(line => `${JSON.stringify(line)}\n`).join('')
    await writeFile(path, text.slice(0, text.length - cut))
    return await readBlob(path)
  }
  const refused = async (work: () => unknown) => {
    const error = await Promise.resolve()
      .then(work)
      .catch((error: unknown) => error)
    expect(error).to.be.instanceOf(HostError)
    return (error as HostError).message.replaceAll(`${folder}/`, '')
  }

  it('merged, are what one run of it all would have told', async () => {
    const [two, one] = [await blob('2', shard(2, 2, ['b'])), await blob('1', shard(1, 2, ['a', 'c']))]
    const all = [begun(['a', 'b', 'c']), ...['a', 'b', 'c'].flatMap(name => eventsOf(name))]
    const { ms: _, ...merged } = jsonReport(mergedEvents([two, one]))
    const { ms: __, ...alone } = jsonReport([...all, end(all, 0)])
    expect(merged).to.deep.equal(alone)
  })

  it('merged, tell the runs of one lab with different providers apart', async () => {
    const cells = ['sandbox', 'qemu'].map(provider => ({ suite: 'trixie', backend: 'nft', provider }))
    const both = cells.map(cell => ({ lab: 'a', cell }))
    const shards = cells.map((cell, i) => {
      const start = { ...begun(['a']), provider: null, cells, runs: [{ lab: 'a', cell }] }
      const events = [
        { ...start, shard: { index: i + 1, of: 2, whole: both } } as RunEvent,
        ...eventsOf('a', { status: i === 0 ? 'passed' : 'failed' }).map(event => ({ ...event, cell })),
      ]
      return blob(`provider ${i}`, [...events, end(events, i)])
    })
    const blobs = await Promise.all(shards)
    const { labs, provider } = jsonReport(mergedEvents(blobs))
    expect(provider).to.equal(null)
    expect(labs.map(({ cell, status }) => [cell?.provider, status])).to.deep.equal([
      ['sandbox', 'passed'],
      ['qemu', 'failed'],
    ])
    const ended = blobs.flatMap(one => [...endedRuns(one).keys()])
    expect(ended).to.deep.equal(both.map(keyOf))
  })

  it('merged, fail as soon as one of them does', async () => {
    const blobs = [await blob('1', shard(1, 2, ['a', 'c'])), await blob('2', shard(2, 2, ['b'], 'failed'))]
    const report = jsonReport(mergedEvents(blobs))
    expect(report.exitCode).to.equal(1)
    expect(report.totals.labs).to.deep.equal({ passed: 2, failed: 1, skipped: 0 })
  })

  it('are refused where one is missing, is there twice, was cut off, or is of another run', async () => {
    const [one, two] = [await blob('1', shard(1, 2, ['a', 'c'])), await blob('2', shard(2, 2, ['b']))]
    const again = await blob('2 again', shard(2, 2, ['b']))
    expect(await refused(() => mergedEvents([one]))).to.equal('shard 2 of 2 is missing')
    expect(await refused(() => mergedEvents([one, two, again]))).to.equal('shard 2 of 2 is there twice: 2, 2 again')
    expect(await refused(() => mergedEvents([]))).to.equal('there is no blob to merge')
    const other = await blob('other', [begun(['a', 'b']), ...eventsOf('a'), ...eventsOf('b')])
    expect(await refused(() => mergedEvents([one, other]))).to.equal('other is of another run than 1')
    const cut = await blob('cut', shard(2, 2, ['b']), { cut: 3 })
    expect(await refused(() => mergedEvents([one, cut]))).to.equal('cut was cut off: its run has no end')
  })

  it('are refused where they are none, or damaged', async () => {
    await writeFile(join(folder, 'none'), '{}\n')
    expect(await refused(() => readBlob(join(folder, 'none')))).to.equal('none is no blob (vethlab-blob/1)')
    await writeFile(join(folder, 'damaged'), '{"schema":"vethlab-blob/1"}\n{"type":"run-star\n{}\n')
    expect(await refused(() => readBlob(join(folder, 'damaged')))).to.equal('damaged is damaged in line 2')
    await writeFile(join(folder, 'empty'), '{"schema":"vethlab-blob/1"}\n')
    expect(await refused(() => readBlob(join(folder, 'empty')))).to.match(/^empty tells of no run/)
  })

  it('of a run that was cut off tell which labs it brought to their end', async () => {
    const events = [begun(['a', 'b', 'c']), ...eventsOf('a'), ...eventsOf('b').slice(0, -1)]
    const cut = await blob('cut', events, { cut: 5 })
    expect([...endedRuns(cut).keys()]).to.deep.equal([keyOf({ lab: 'a' })])
  })
})
