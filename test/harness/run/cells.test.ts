import { expect } from 'chai'
import type { RunEvent } from '../../../harness/events.ts'
import { jsonReport } from '../../../harness/reporters/json.ts'
import { junitXml } from '../../../harness/reporters/junit.ts'
import { reporter as line } from '../../../harness/reporters/line.ts'
import type { MachineCell } from '../../../harness/run/cell.ts'
import { labOf, outcomeOf } from './outcome.ts'

const cells: MachineCell[] = [
  { suite: 'trixie', backend: 'nft' },
  { suite: 'trixie', backend: 'legacy' },
]

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
    expect(report).to.deep.include({ suite: null, cells })
    expect(junitXml(report)).to.include('<testsuite name="asks, trixie legacy, run 2"')
    const text: string[] = []
    const told = line({
      write: written => void text.push(written),
      ...{ terminal: false, color: false, columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY },
      close: () => {},
    })
    for (const event of events) told.on(event)
    expect(text.join('')).to.match(/✓ asks, trixie legacy, run 2, passed in /)
  })

  it('are compared with their like only', () => {
    const { repeated } = jsonReport(events)
    expect(repeated.map(({ lab, cell, runs, differences }) => [lab, cell?.backend, runs, differences])).to.deep.equal([
      ['asks', 'nft', 2, []],
      ['asks', 'legacy', 2, []],
    ])
  })
})
