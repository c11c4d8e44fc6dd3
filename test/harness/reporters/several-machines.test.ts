import { expect } from 'chai'
import { listing } from '../../../harness/cli/list.ts'
import type { LabHeader, RunEvent } from '../../../harness/events.ts'
import { jsonReport } from '../../../harness/reporters/json.ts'
import { junitXml } from '../../../harness/reporters/junit.ts'
import { story } from '../../../harness/reporters/story.ts'
import { begun, header } from './several-labs.ts'

const lab: LabHeader = {
  ...header('pair'),
  machines: ['alpha', 'beta'],
  segments: [{ name: 'segment', machines: ['alpha', 'beta'] }],
}
const step = { number: 1, title: 'alpha is cut', covers: [], changed: [], needs: {} }
const facts = (machine: string) => ({
  ...{ machine, provider: 'sandbox', accelerator: 'host', suite: 'trixie' },
  ...{ kernel: '6.18.5', engine: '26.1.5', iptables: '1.8.11', iptablesBackend: 'nft' },
})
const done = { exitCode: 0, signal: null, stdout: '', stderr: '', ms: 5 }
const failure = { kind: 'residue' as const, message: 'the lab leaves the machine changed:\n+ alpha is cut off segment' }

// As the runner tells them (test/harness/run/several-machines.test.ts).
const events: RunEvent[] = [
  { ...begun(['pair']), labs: [lab] } as RunEvent,
  { type: 'lab-started', at: '2026-03-01T10:00:00.000Z', lab },
  { type: 'machine-started', lab: 'pair', machine: 'alpha', facts: facts('sandbox:trixie/alpha'), ms: 900 },
  { type: 'machine-started', lab: 'pair', machine: 'beta', facts: facts('sandbox:trixie/beta'), ms: 900 },
  { type: 'step-started', lab: 'pair', step },
  { type: 'command', lab: 'pair', step: 1, phase: 'act', machine: 'beta', command: 'ip link', ...done },
  { type: 'command', lab: 'pair', step: 1, phase: 'act', segment: 'segment', command: 'cut alpha', ...done },
  { type: 'step-ended', lab: 'pair', step, status: 'passed', ms: 10 },
  { type: 'residue', lab: 'pair', differences: ['+ link br01 bridge on beta', '+ alpha is cut off segment'], ms: 100 },
  ...(['alpha', 'beta'] as const).map(
    (name): RunEvent => ({
      ...{ type: 'machine-kept', lab: 'pair', machine: `sandbox:trixie/${name}`, name: `pair/${name}` },
      ...{ enter: `enter ${name}`, remove: `remove ${name}` },
    }),
  ),
  { type: 'segment-kept', lab: 'pair', segment: 'segment', says: 'the machines stay joined' },
  { type: 'lab-ended', lab, status: 'failed', ms: 1200, failure },
]

describe('reports of a lab with several machines', () => {
  it('as a story: each command, machine and line of residue says whose it is', () => {
    const tell = story({ color: false, shorten: false })
    const text = events.map(tell).join('')
    expect(text).to.include('on machines alpha and beta, joined by a segment, on which no engine has ever run\n')
    expect(text).to.include('  sandbox:trixie/alpha, kernel 6.18.5')
    expect(text).to.include('  sandbox:trixie/beta, kernel 6.18.5')
    expect(text).to.include('   beta$ ip link\n   segment> cut alpha\n')
    expect(text).to.match(
      /✗ the machines are not as they were before the lab .*\n {5}\+ link br01 bridge on beta\n {5}\+ alpha is cut/,
    )
    expect(text).to.match(
      /sandbox:trixie\/alpha stays[\s\S]*sandbox:trixie\/beta stays[\s\S]*segment segment: the machines stay joined\n/,
    )
  })

  it('as JSON: machines by their names, and what each command ran on', () => {
    const [told] = jsonReport(events).labs
    expect(told?.machine?.machine).to.equal('sandbox:trixie/alpha')
    expect(told?.machines.map(({ name, facts, kept }) => [name, facts.machine, kept?.enter])).to.deep.equal([
      ['alpha', 'sandbox:trixie/alpha', 'enter alpha'],
      ['beta', 'sandbox:trixie/beta', 'enter beta'],
    ])
    expect(told?.steps[0]?.commands.map(({ machine, segment, command }) => [machine, segment, command])).to.deep.equal([
      ['beta', null, 'ip link'],
      [null, 'segment', 'cut alpha'],
    ])
    expect(told?.residue).to.deep.equal(['+ link br01 bridge on beta', '+ alpha is cut off segment'])
  })

  it('as JUnit: the facts of each machine are properties, the transcript says where', () => {
    const xml = junitXml(jsonReport(events))
    expect(xml).to.include('<property name="alpha machine" value="sandbox:trixie/alpha"/>')
    expect(xml).to.include('<property name="beta kernel" value="6.18.5"/>')
    expect(xml).to.include('<property name="document" value="none, our own procedure"/>')
    expect(xml).to.include('beta$ ip link\nsegment&gt; cut alpha\n')
  })

  it('in the list: what it needs', () => {
    expect(listing([lab], false)).to.include(
      '  document none, our own procedure\n  needs    machines alpha and beta, joined by a segment, on which no engine has ever run\n',
    )
    const three = {
      ...{ ...lab, engine: true, machines: ['alpha', 'beta', 'gamma'] },
      segments: [
        { name: 'west', machines: ['alpha', 'beta'] },
        { name: 'east', machines: ['beta', 'gamma'] },
      ],
    }
    expect(listing([three], false)).to.include(
      '  needs    machines alpha, beta and gamma, west joins alpha and beta, east joins beta and gamma, each with an engine that is up\n',
    )
  })
})
