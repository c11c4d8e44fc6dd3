import { expect } from 'chai'
import type { Judgement } from '../../../harness/claims/verdict.ts'
import { differs, holds, isFalse } from '../../../harness/claims/verdict.ts'
import type { LabHeader } from '../../../harness/events.ts'
import { changes, said } from '../../../harness/ledger/changes.ts'
import { evidenceOf } from '../../../harness/ledger/evidence.ts'
import { makeLedger, provenRuns } from '../../../harness/ledger/ledger.ts'
import { ledgerPage } from '../../../harness/ledger/page.ts'
import { story } from '../../../harness/ledger/story.ts'
import type { JsonReport, JsonStep } from '../../../harness/reporters/json-report.ts'

const claim = (id: string) => ({ id, kind: 'claim' as const, section: 'All', says: `${id} is so.` })
const documents = [{ document: '001', about: 'A page', claims: ['S001-01', 'S001-02', 'S001-03'].map(claim) }]
const header = {
  name: 'a-lab',
  untestable: [{ id: 'S001-03', verdict: 'untestable', because: 'it asks a registry', on: {} }],
}
const labs = [header as unknown as LabHeader]

/** A report of a run of one lab, as far as the ledger is concerned. */
function report(
  engine: string,
  steps: (Partial<JsonStep> & { judgements: Judgement[] })[],
  status = 'passed',
): JsonReport {
  const facts = {
    provider: 'sandbox',
    suite: 'trixie',
    kernel: '6.12',
    iptables: '1.8.11',
    iptablesBackend: 'nft',
    engine,
  }
  const whole = steps.map((step, i) => ({
    ...{ number: i + 1, title: `step ${i + 1}`, status: 'passed', commands: [], expectations: [held('it is so')] },
    ...step,
  }))
  const lab = { name: 'a-lab', status, machine: facts, steps: whole }
  return { endedAt: '2026-03-01T10:00:00.000Z', labs: [lab] } as unknown as JsonReport
}

const held = (text: string, saw = 'so') => ({ text, status: 'passed' as const, saw, looks: 1, ms: 1, where: 'a.ts:1' })
const made = (reports: JsonReport[], before?: ReturnType<typeof makeLedger>) =>
  makeLedger(documents, labs, provenRuns(reports), before)
const cells = (ledger: ReturnType<typeof makeLedger>, id: string) =>
  ledger.claims.find(claim => claim.id === id)?.cells.map(cell => `${cell.engine} ${cell.backend} ${said(cell)}`)

describe('the ledger', () => {
  const byEngine = [holds('S001-01', { engine: '<28' }), differs('S001-01', 'in part', { engine: '>=28' })]

  it('has a verdict for each engine, the gravest of those proved there, and where it was proved', () => {
    const ledger = made([
      report('28.5.2+dfsg4', [{ judgements: byEngine }, { judgements: [isFalse('S001-02', 'it is not')] }]),
      report('26.1.5', [
        { judgements: [...byEngine, holds('S001-02')] },
        { judgements: [isFalse('S001-02', 'it is not')] },
      ]),
    ])
    expect(cells(ledger, 'S001-01')).to.deep.equal(['26.1 nft holds', '28.5 nft differs: in part'])
    expect(cells(ledger, 'S001-02')).to.deep.equal(['26.1 nft false: it is not', '28.5 nft false: it is not'])
    expect(ledger.claims[0]?.cells[1]).to.deep.include({
      proofs: [{ lab: 'a-lab', step: 1, title: 'step 1', verdict: 'differs', because: 'in part' }],
      proved: {
        on: '2026-03-01',
        provider: 'sandbox',
        suite: 'trixie',
        engine: '28.5.2+dfsg4',
        iptables: '1.8.11',
        kernel: '6.12',
      },
    })
    expect(ledger.claims[2]).to.deep.include({ cells: [], untestable: 'it asks a registry' })
  })

  it('takes nothing from a lab that failed, a step that was skipped, or one that judged nothing', () => {
    const judgements = [holds('S001-01')]
    expect(cells(made([report('26.1.5', [{ judgements }], 'failed')]), 'S001-01')).to.deep.equal([])
    expect(cells(made([report('26.1.5', [{ judgements, status: 'skipped' }])]), 'S001-01')).to.deep.equal([])
    expect(cells(made([report('26.1.5', [{ judgements, expectations: [] }])]), 'S001-01')).to.deep.equal([])
  })

  it('keeps what these runs did not judge, and tells each verdict or reason that is another', () => {
    const before = made([report('26.1.5', [{ judgements: byEngine }]), report('28.5.2', [{ judgements: byEngine }])])
    const same = made([report('28.5.3', [{ judgements: byEngine }])], before)
    expect(cells(same, 'S001-01')).to.deep.equal(cells(before, 'S001-01'))
    expect(changes(before, same)).to.deep.equal([])

    const after = made([report('28.5.2', [{ judgements: [isFalse('S001-01', 'gone')] }])], before)
    const told = changes(before, after).map(({ id, engine, before, after }) => [id, engine, said(before), said(after)])
    expect(told).to.deep.equal([['S001-01', '28.5', 'differs: in part', 'false: gone']])
    expect(changes(undefined, before).map(({ before }) => said(before))).to.deep.equal(['not judged', 'not judged'])
  })

  it('is a page: sums by document, what depends on the engine, each claim with its verdicts and its proof', () => {
    const page = ledgerPage(
      made([report('26.1.5', [{ judgements: byEngine }]), report('28.5.2', [{ judgements: byEngine }])]),
      documents,
    )
    expect(page).to.include('Proved last: Docker 26.1.5 on 2026-03-01, Docker 28.5.2 on 2026-03-01.')
    expect(page).to.include('| all | 0 | 1 | 0 | 1 | 1 | 3 |')
    expect(page).to.include('| S001-01 | S001-01 is so. | holds | differs: in part |')
    expect(page).to.include('| S001-01 | S001-01 is so. | holds | differs | in part | [a-lab](labs/a-lab.md) 1 |')
    expect(page).to.include('| S001-03 | S001-03 is so. | untestable | untestable | it asks a registry |  |')
  })
})

describe('evidence', () => {
  const commands = [{ machine: null, segment: null, command: 'docker rm 0123456789ab' }] as JsonStep['commands']
  const judgements = [holds('S001-01')]
  const run = (engine: string, saw: string) =>
    report(engine, [{ judgements, commands, expectations: [held('the MAC is random', saw)] }, { judgements: [] }])

  it('is what was typed and seen in the steps that prove something, once where engines agree', () => {
    const runs = provenRuns([
      run('20.10.24', '02:42:ac:11:00:02'),
      run('26.1.5', '02:42:ac:11:00:03'),
      run('28.5.2', 'no'),
    ])
    expect(evidenceOf('a-lab', runs, undefined)).to.deep.equal({
      lab: 'a-lab',
      steps: [
        {
          number: 1,
          title: 'step 1',
          seen: [
            {
              on: ['20.10 nft', '26.1 nft'],
              commands: ['$ docker rm <id>'],
              expectations: [{ text: 'the MAC is random', saw: '<mac>' }],
            },
            {
              on: ['28.5 nft'],
              commands: ['$ docker rm <id>'],
              expectations: [{ text: 'the MAC is random', saw: 'no' }],
            },
          ],
        },
      ],
    })
  })

  it('stays for an engine that these runs did not have', () => {
    const before = evidenceOf('a-lab', provenRuns([run('20.10.24', 'old'), run('28.5.2', 'old')]), undefined)
    const after = evidenceOf('a-lab', provenRuns([run('28.5.2', 'new')]), before)
    expect(after.steps[0]?.seen.map(({ on, expectations }) => [on, expectations[0]?.saw])).to.deep.equal([
      [['28.5 nft'], 'new'],
      [['20.10 nft'], 'old'],
    ])
  })

  it('makes, with the verdicts, a claim’s story', () => {
    const reports = [run('26.1.5', 'so')]
    const [one] = made(reports).claims
    const plain = { bold: (text: string) => text, dim: (text: string) => text }
    const told = one && story(one, [evidenceOf('a-lab', provenRuns(reports), undefined)], plain)
    expect(told?.split('\n')).to.deep.equal([
      'S001-01  001, All',
      'S001-01 is so.',
      '',
      'Docker 26.1, iptables-nft  holds',
      '  proved 2026-03-01 with 26.1.5 in sandbox, trixie',
      '',
      'a-lab, step 1: step 1',
      '  $ docker rm <id>',
      '  ✓ the MAC is random',
      '      saw so',
      '  see it: npm run lab a-lab -- --until 1 --keep',
      '',
    ])
  })
})
