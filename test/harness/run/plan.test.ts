import { expect } from 'chai'
import { keyOf } from '../../../harness/events.ts'
import type { MachineCell } from '../../../harness/run/cell.ts'
import { type Planned, planOf, shardOf } from '../../../harness/run/plan.ts'
import type { LabFile } from '../../../harness/run/registry.ts'
import { qemu } from '../../../vm/providers/qemu.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'

const labs = ['a', 'b', 'c', 'd', 'e'].map(name => ({ header: { name } }) as LabFile)
const cells: MachineCell[] = [
  { suite: 'trixie', backend: 'nft', provider: sandbox },
  { suite: 'forky', backend: 'legacy', provider: sandbox },
]
const onBoth = [sandbox, qemu].map((provider): MachineCell => ({ suite: 'trixie', backend: 'nft', provider }))
const names = (plan: Planned[]) => plan.map(({ of }) => keyOf(of).trim().replaceAll(/ +/g, ' '))

describe('a plan', () => {
  it('has each lab in each cell, as often as asked, and names only what there are several of', () => {
    expect(planOf(labs.slice(0, 1), cells.slice(0, 1), 1).map(({ of }) => of)).to.deep.equal([{ lab: 'a' }])
    expect(names(planOf(labs.slice(0, 2), cells, 2))).to.deep.equal([
      ...['a trixie nft 1', 'a trixie nft 2', 'a forky legacy 1', 'a forky legacy 2'],
      ...['b trixie nft 1', 'b trixie nft 2', 'b forky legacy 1', 'b forky legacy 2'],
    ])
  })

  it('has each lab with each provider', () => {
    const [trixie, forky] = cells
    expect(names(planOf(labs.slice(0, 2), onBoth, 1))).to.deep.equal([
      ...['a trixie nft sandbox 1', 'a trixie nft qemu 1', 'b trixie nft sandbox 1', 'b trixie nft qemu 1'],
    ])
    const plan = planOf(
      labs.slice(0, 1),
      [trixie, forky].flatMap(cell => cell ?? []),
      1,
    )
    expect(plan.map(({ of }) => of.cell)).to.deep.equal([
      { suite: 'trixie', backend: 'nft' },
      { suite: 'forky', backend: 'legacy' },
    ])
  })
})

describe('shards', () => {
  const durations = { a: 8000, b: 1000, c: 4000, d: 3000 }
  const split = (plan: Planned[], of: number) =>
    Array.from({ length: of }, (_, i) => shardOf(plan, { index: i + 1, of }, durations))

  it('are all of it, each run once, each time the same', () => {
    const plan = planOf(labs, cells, 2)
    for (const number of [1, 2, 3, 7, 30]) {
      const shards = split(plan, number)
      expect(names(shards.flat()).toSorted()).to.deep.equal(names(plan).toSorted())
      expect(names(split([...plan].reverse(), number).flat()).toSorted()).to.deep.equal(names(plan).toSorted())
      expect(split(plan, number).map(names)).to.deep.equal(shards.map(names))
    }
  })

  it('take about as long, by what is known of each lab; one that is new counts as usual', () => {
    // e is taken for 4 s: 8 + 3 against 4 + 4 + 1.
    expect(split(planOf(labs, cells.slice(0, 1), 1), 2).map(names)).to.deep.equal([
      ['a 1', 'd 1'],
      ['b 1', 'c 1', 'e 1'],
    ])
  })

  it('have as much of each provider, though emulated machines take longer', () => {
    const even = { a: 4000, b: 4000, c: 4000, d: 4000, e: 4000 }
    const plan = planOf(labs.slice(0, 4), onBoth, 1)
    for (const index of [1, 2]) {
      const shard = shardOf(plan, { index, of: 2 }, even)
      const byProvider = Map.groupBy(shard, ({ cell }) => cell.provider.name)
      expect([byProvider.get('sandbox')?.length, byProvider.get('qemu')?.length]).to.deep.equal([2, 2])
    }
  })

  it('keep the runs of one lab in one cell together, as they are compared', () => {
    for (const shard of split(planOf(labs, cells, 3), 4)) {
      for (const [, runs] of Map.groupBy(shard, ({ of }) => [of.lab, of.cell?.suite].join()))
        expect(runs).to.have.length(3)
    }
  })
})
