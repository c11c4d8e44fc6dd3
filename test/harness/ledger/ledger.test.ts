import { expect } from 'chai'
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
function report(engine: string, steps: Partial<JsonStep>[], status = 'passed'): JsonReport {
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
    ...{ judgements: [], changed: [] },
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

  describe('where a run could not do what another did', () => {
    const [plain, special] = [[holds('S001-01')], [isFalse('S001-01', 'in a virtual machine')]]
    const skipped = { judgements: special, status: 'skipped' as const, reason: 'the kernel has no ip_vs' }
    const inSandbox = (engine: string) => report(engine, [{ judgements: plain }, skipped])
    const inMachine = (engine: string) => report(engine, [{ judgements: plain }, { judgements: special }])
    const told = (before: ReturnType<typeof made> | undefined, reports: JsonReport[]) =>
      changes(before, made(reports, before)).map(({ engine, before, after, isNew }) => [
        ...[engine, said(before), said(after)],
        isNew ? 'new' : 'changed',
      ])

    it('keeps what a skipped step had proved', () => {
      const before = made([inMachine('26.1.5')])
      expect(told(before, [inSandbox('26.1.5')])).to.deep.equal([])
      expect(cells(made([inSandbox('26.1.5')], before), 'S001-01')).to.deep.equal([
        '26.1 nft false: in a virtual machine',
      ])
    })

    it('calls new what was not judged there before, and not changed', () => {
      const before = made([inSandbox('20.10.24'), inMachine('26.1.5')])
      expect(told(before, [inMachine('20.10.24'), inMachine('28.5.2')])).to.deep.equal([
        ['20.10', 'holds', 'false: in a virtual machine', 'new'],
        ['28.5', 'not judged', 'false: in a virtual machine', 'new'],
      ])
    })

    it('still calls changed what the same step proves otherwise, a step that was never there, and what is proved no more', () => {
      const before = made([inMachine('26.1.5')])
      const otherwise = report('26.1.5', [{ judgements: [differs('S001-01', 'in part')] }, skipped])
      expect(told(before, [otherwise])).to.deep.equal([
        ['26.1', 'false: in a virtual machine', 'false: in part; in a virtual machine', 'changed'],
      ])
      const added = report('26.1.5', [{ judgements: plain }, skipped, { judgements: [isFalse('S001-01', 'at all')] }])
      expect(told(made([inSandbox('26.1.5')]), [added])).to.deep.equal([['26.1', 'holds', 'false: at all', 'changed']])
      const gone = report('26.1.5', [{ judgements: plain }, {}])
      expect(told(before, [gone])).to.deep.equal([['26.1', 'false: in a virtual machine', 'holds', 'changed']])
      expect(told(made([inSandbox('26.1.5')]), [report('26.1.5', [{}])])).to.deep.equal([
        ['26.1', 'holds', 'not judged', 'changed'],
      ])
    })
  })

  it('is a page: sums by document, what upgrades changed, each claim with its verdicts and its proof', () => {
    const changed = [{ since: 28, of: 'addresses and links' as const, says: 'The MAC is random' }]
    const run = (engine: string, text: string) =>
      report(engine, [{ judgements: byEngine, changed, expectations: [held('it is so'), held(text)] }])
    const reports = [run('26.1.5', 'it begins with 02:42'), run('28.5.2', 'it does not')]
    const evidence = [evidenceOf('a-lab', provenRuns(reports), undefined)]
    const page = ledgerPage(made(reports), documents, evidence)
    expect(page).to.include(
      [
        'as labs saw it: 1 thing with 28.5. Below each is what shows it: `-` was true on the last engine before, `+` is since.',
        '### Addresses and links',
        '**28.5** The MAC is random. *[a-lab](labs/a-lab.md) 1 (S001-01: holds, then differs)*',
        '```diff\n- 26.1  it begins with 02:42\n+ 28.5  it does not\n```',
      ].join('\n\n'),
    )
    expect(page).to.include("| name of an engine's veth | veth&lt;id> |")
    expect(page).to.include('| width of a column | three spaces |')
    expect(page).to.include('Proved last: Docker 26.1.5 on 2026-03-01, Docker 28.5.2 on 2026-03-01.')
    expect(page).to.include('| all | 0 | 1 | 0 | 1 | 1 | 3 |')
    expect(page).to.include('| S001-01 | S001-01 is so. | holds | differs | 28.5: in part | [a-lab](labs/a-lab.md) 1 |')
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

  it('is of the last run in one place, and in the order of engines, whatever that of the reports is', () => {
    const of = (...reports: JsonReport[]) => evidenceOf('a-lab', provenRuns(reports), undefined).steps[0]?.seen
    const seen = of(run('28.5.2', 'new'), run('20.10.24', 'early'), run('20.10.24', 'old'))
    expect(seen?.map(({ on, expectations }) => [on, expectations[0]?.saw])).to.deep.equal([
      [['20.10 nft'], 'old'],
      [['28.5 nft'], 'new'],
    ])
    expect(seen).to.deep.equal(of(run('20.10.24', 'old'), run('28.5.2', 'new')))
  })

  it('is also of a step that judges no claim, where engines do something otherwise', () => {
    const changed = [{ since: 28, of: 'names' as const, says: 'It is so' }]
    const { steps } = evidenceOf('a-lab', provenRuns([report('28.5.2', [{}, { changed }])]), undefined)
    expect(steps.map(({ number, changed }) => [number, changed])).to.deep.equal([[2, changed]])
  })

  it('stays where no report has the lab', () => {
    const before = evidenceOf('a-lab', provenRuns([run('26.1.5', 'old')]), undefined)
    expect(evidenceOf('a-lab', [], before)).to.deep.equal(before)
  })

  it('that stays is normalised by rules that are newer', () => {
    const before = evidenceOf('a-lab', provenRuns([run('26.1.5', 'old')]), undefined)
    const written = JSON.parse(JSON.stringify(before).replace('old', '02:42:ac:11:00:02'))
    for (const after of [
      evidenceOf('a-lab', [], written),
      evidenceOf('a-lab', provenRuns([run('28.5.2', 'so')]), written),
    ])
      expect(after.steps[0]?.seen[0]?.expectations[0]?.saw).to.equal('<mac>')
  })

  it('stays for an engine that these runs did not have', () => {
    const before = evidenceOf('a-lab', provenRuns([run('20.10.24', 'old'), run('28.5.2', 'old')]), undefined)
    const after = evidenceOf('a-lab', provenRuns([run('28.5.2', 'new')]), before)
    expect(after.steps[0]?.seen.map(({ on, expectations }) => [on, expectations[0]?.saw])).to.deep.equal([
      [['20.10 nft'], 'old'],
      [['28.5 nft'], 'new'],
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

  it('makes a story of what upgrades changed, too, once for all steps that show it', () => {
    const changed = [{ since: 28, of: 'names' as const, says: 'It is so' }]
    const reports = ['26.1.5', '28.5.2'].map(engine =>
      report(
        engine,
        [1, 2].map(step => ({ judgements, changed, expectations: [held(`${engine} in ${step}`)] })),
      ),
    )
    const [one] = made(reports).claims
    const plain = { bold: (text: string) => text, dim: (text: string) => text }
    const told = one && story(one, [evidenceOf('a-lab', provenRuns(reports), undefined)], plain)
    expect(told).to.include(
      [
        ...['', 'Changed with Docker 28.5: It is so', '  - 26.1  26.1.5 in 1', '  + 28.5  28.5.2 in 1'],
        ...['  - 26.1  26.1.5 in 2', '  + 28.5  28.5.2 in 2', '', 'a-lab, step 1: step 1'],
      ].join('\n'),
    )
  })
})
