import { expect } from 'chai'
import { mergeMutations } from '../../../harness/mutate/merge.ts'
import { mutationsPage } from '../../../harness/mutate/page.ts'
import { idleExplanations, type LabMutations, scoreOf, type Tried } from '../../../harness/mutate/report.ts'
import { mutationsInWords } from '../../../harness/mutate/words.ts'
import { HostError } from '../../../vm/errors.ts'

const tried = (id: string, outcome: Tried['outcome'], unseen: string | null = null): Tried => {
  const [step = 0, command = 0] = id.split(/[ .]/).map(Number)
  const at = { step, command, machine: null, text: 'ip link set left up', occurrence: 1, where: `labs/wire.ts:${step}` }
  return { id, operator: 'leave-out', at, change: `without command ${id}`, act: { kind: 'leave-out' }, outcome, unseen }
}
const killed = (id: string, ms: number) =>
  tried(id, { result: 'killed', by: { step: 1, kind: 'claim', message: 'it should', ms } })
const wire = (mutations: Tried[], more: Partial<LabMutations> = {}): LabMutations => {
  return {
    lab: 'wire',
    sha256: 'ab',
    steps: ['cd'],
    machine: 'here',
    commands: 9,
    looking: 2,
    found: mutations.length,
    mutations,
    unseen: [],
    ...more,
  }
}

describe('what breaking labs came to', () => {
  const all = [
    killed('1.1 leave-out', 100),
    killed('1.2 leave-out', 900),
    killed('2.1 leave-out', 200),
    tried('2.2 leave-out', { result: 'survived' }),
    tried('2.3 leave-out', { result: 'survived' }, 'nobody asks'),
    tried('3.1 leave-out', { result: 'not applicable', because: 'nothing met it' }),
  ]

  it('is a share of what could be seen, and how long it took', () => {
    expect(scoreOf(all)).to.deep.equal({
      ...{ killed: 3, survived: 2, unexplained: 1, notApplicable: 1, untried: 0 },
      ...{ score: 0.6, medianMs: 200 },
    })
    expect(scoreOf([])).to.deep.include({ score: 1, medianMs: undefined })
  })

  it('is told with each survivor that nothing explains, and its line', () => {
    expect(mutationsInWords([wire(all, { unseen: ['command 2[.]3', 'command 1[.]1'] })])).to.equal(
      'wire: 9 commands, 2 of them only look; 60.0 % killed: 3 of 5, in 200 ms (median); 2 survived, 1 of them unexplained; 1 not applicable\n' +
        '  survived  labs/wire.ts:2  2.2 leave-out: without command 2.2 leave-out\n' +
        '  explained for nothing, as what it says is seen or not there: /command 1[.]1/\n',
    )
  })

  it('of shards is put together in the lab’s order, and knows what is explained for nothing only then', () => {
    const unseen = ['command 2[.]3', 'command 1[.]1']
    const parts = [all.filter((_, i) => i % 2 === 1), all.filter((_, i) => i % 2 === 0)]
    const shards = parts.map(mutations => wire(mutations, { found: all.length, unseen }))
    expect(shards.map(idleExplanations)).to.deep.equal([[], []])
    const [merged] = mergeMutations(
      shards.map(one => ({ schema: 'vethlab-mutations/2', on: '2026-03-01', labs: [one] })),
    )
    expect(merged?.mutations).to.deep.equal(all)
    expect(merged && idleExplanations(merged)).to.deep.equal(['command 1[.]1'])
  })

  it('of the same mutation twice is refused', () => {
    const report = { schema: 'vethlab-mutations/2' as const, on: '2026-03-01', labs: [wire(all)] }
    expect(() => mergeMutations([report, report])).to.throw(HostError, 'wire 1.1 leave-out is in two of these reports')
  })

  it('is a page: sums by lab and by kind, survivors with their reasons', () => {
    const page = mutationsPage([{ schema: 'vethlab-mutations/2', on: '2026-03-01', labs: [wire(all)] }])
    expect(page).to.include('| wire | 2026-03-01 | 9 commands, 2 only look | 3 | 2 | 1 | 60.0 % | 200 ms |')
    expect(page).to.include('| a command is left out | 3 | 2 | 1 | 60.0 % | 200 ms |')
    expect(page).to.include('| wire | labs/wire.ts:2 | without command 2.2 leave-out | **unexplained** |')
    expect(page).to.include('| wire | labs/wire.ts:2 | without command 2.3 leave-out | nobody asks |')
  })
})
