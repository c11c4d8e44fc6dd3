import { expect } from 'chai'
import type { RunEvent } from '../../../harness/events.ts'
import { lab } from '../../../harness/index.ts'
import { jsonReport } from '../../../harness/reporters/json.ts'
import { junitXml } from '../../../harness/reporters/junit.ts'
import { reporter as line } from '../../../harness/reporters/line.ts'
import { summaryOf } from '../../../harness/reporters/summary.ts'
import type { MachineCell } from '../../../harness/run/cell.ts'
import { headerOf } from '../../../harness/run/register.ts'
import { HostError } from '../../../vm/errors.ts'
import type { Provider } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import { labOf, outcomeOf } from './outcome.ts'

const cells: MachineCell[] = [
  { suite: 'trixie', backend: 'nft', provider: sandbox },
  { suite: 'trixie', backend: 'legacy', provider: sandbox },
]

/** The story of a run. */
function toldOf(events: RunEvent[]): string {
  const text: string[] = []
  const told = line({
    write: written => void text.push(written),
    ...{ terminal: false, color: false, columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY },
    close: () => {},
  })
  for (const event of events) told.on(event)
  return text.join('')
}

describe('labs in several kinds of machine', function () {
  this.timeout(120_000)
  let events: RunEvent[]

  before(async function () {
    if (process.getuid?.() !== 0) this.skip()
    const lab = labOf(
      'asks',
      ({ $, look, expect, step, defer }) => {
        step('iptables is of the backend', async () => {
          const { stdout } = await $`iptables --version`
          await expect(stdout).to.print(/\((nf_tables|legacy)\)/)
        })
        step('a rule is made where the kernel keeps those of this backend', async () => {
          await $`iptables -A FORWARD -s 192.0.2.1 -j DROP`
          defer`iptables -D FORWARD -s 192.0.2.1 -j DROP`
          await expect(look.iptables({ table: 'filter' })).to.have.rule('-A FORWARD -s 192.0.2.1/32 -j DROP')
          const { stdout } = await $`nft list ruleset`
          const legacy = (await $`iptables --version`).stdout.includes('legacy')
          expect(stdout.includes('192.0.2.1')).to.equal(!legacy)
        })
      },
      { engine: true },
    )
    const outcome = await outcomeOf([lab], { cells, repeat: 2, jobs: 2 })
    expect(outcome.failures).to.deep.equal([undefined, undefined, undefined, undefined])
    events = outcome.events
  })

  it('are run in each, as often as asked, and every report tells which it was', () => {
    const report = jsonReport(events)
    expect(report.labs.map(({ name, cell, repetition }) => [name, cell?.backend, repetition])).to.deep.equal([
      ['asks', 'nft', 1],
      ['asks', 'nft', 2],
      ['asks', 'legacy', 1],
      ['asks', 'legacy', 2],
    ])
    expect(report.labs.map(({ machine }) => machine?.iptablesBackend)).to.deep.equal(['nft', 'nft', 'legacy', 'legacy'])
    const kinds = cells.map(({ suite, backend }) => ({ suite, backend }))
    expect(report).to.deep.include({ provider: 'sandbox', suite: null, cells: kinds })
    expect(junitXml(report)).to.include('<testsuite name="asks, trixie legacy, run 2"')
    expect(toldOf(events)).to.match(/✓ asks, trixie legacy, run 2, passed in /)
  })

  it('are compared with their like only', () => {
    const { repeated } = jsonReport(events)
    expect(repeated.map(({ lab, cell, runs, differences }) => [lab, cell?.backend, runs, differences])).to.deep.equal([
      ['asks', 'nft', 2, []],
      ['asks', 'legacy', 2, []],
    ])
  })
})

describe('labs with several providers', function () {
  this.timeout(120_000)
  const kind = { suite: 'trixie', backend: 'nft' } as const
  // Real sandboxes under another name: what a provider is called is all that is told of it.
  const vagrant: Provider = { name: 'vagrant', check: sandbox.check, start: request => sandbox.start(request) }
  const simple = labOf('simple', ({ $, step }) => step('it acts', async () => void (await $`true`)))

  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })

  it('are run with each, and every report tells with which', async () => {
    const bothCells = [sandbox, vagrant].map((provider): MachineCell => ({ ...kind, provider }))
    const { exitCode, events } = await outcomeOf([simple], { cells: bothCells, jobs: 2 })
    expect(exitCode).to.equal(0)
    const report = jsonReport(events)
    expect(report).to.deep.include({ provider: null, why: 'a test' })
    expect(report.cells).to.deep.equal([
      { ...kind, provider: 'sandbox' },
      { ...kind, provider: 'vagrant' },
    ])
    expect(report.labs.map(({ cell, status }) => [cell?.provider, status])).to.deep.equal([
      ['sandbox', 'passed'],
      ['vagrant', 'passed'],
    ])
    expect(junitXml(report)).to.include('<testsuite name="simple, vagrant:trixie"')
    expect(summaryOf(report)).to.match(/^\| lab \| sandbox:trixie \| vagrant:trixie \|$/m)
  })

  it('are skipped, with the reason, where one can’t offer what the cell or the lab asks for', async () => {
    const definition = { title: 'wired', document: null, topology: '', engine: false }
    const wired = lab({ ...definition, machines: ['alpha', 'beta'] }, ({ step }) => step('one', async () => {}))
    const labs = [simple, { name: 'wired', path: import.meta.filename, lab: wired, header: headerOf('wired', wired) }]
    const asked: MachineCell[] = [
      { ...kind, provider: sandbox },
      { ...kind, provider: vagrant },
      { ...kind, backend: 'legacy', provider: vagrant },
    ]
    const { exitCode, events } = await outcomeOf(labs, { cells: asked })
    expect(exitCode).to.equal(0)
    const { labs: told, totals } = jsonReport(events)
    const foreign = 'vagrant has machines with an iptables of their own: --backend legacy is for qemu and sandbox'
    const alone = "vagrant can't join machines by a wire, and the lab needs 2: qemu and sandbox can"
    expect(told.map(({ name, cell, status, reason }) => [name, cell?.provider, status, reason])).to.deep.equal([
      ['simple', 'sandbox', 'passed', null],
      ['simple', 'vagrant', 'passed', null],
      ['simple', 'vagrant', 'skipped', foreign],
      ['wired', 'sandbox', 'passed', null],
      ['wired', 'vagrant', 'skipped', alone],
      ['wired', 'vagrant', 'skipped', alone],
    ])
    expect(totals.labs).to.deep.equal({ passed: 3, failed: 0, skipped: 3 })
  })

  it('are asked of a host that has not the one without harm to those of the other', async () => {
    let asked = 0
    const absent: Provider = {
      name: 'qemu',
      check: async () => [],
      start: async () => {
        asked += 1
        throw new HostError('there is no qemu', { mend: 'install it' })
      },
    }
    const cells = [absent, sandbox].map((provider): MachineCell => ({ ...kind, provider }))
    const { exitCode, events } = await outcomeOf([simple, labOf('more', ({ step }) => step('one', async () => {}))], {
      cells,
    })
    const { labs: told } = jsonReport(events)
    expect(told.map(({ cell, status }) => [cell?.provider, status])).to.deep.equal([
      ...[
        ['qemu', 'failed'],
        ['sandbox', 'passed'],
      ],
      ...[
        ['qemu', 'failed'],
        ['sandbox', 'passed'],
      ],
    ])
    expect({ exitCode, asked }).to.deep.equal({ exitCode: 2, asked: 1 })
    expect(toldOf(events)).to.match(/\nEvery claim that was tried held, but this host could not try all\.\n$/)
  })
})
