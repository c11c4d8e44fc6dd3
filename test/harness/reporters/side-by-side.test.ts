import { expect } from 'chai'
import type { RunEvent } from '../../../harness/events.ts'
import { reporter } from '../../../harness/reporters/line.ts'
import { memoryOutput } from './memory-output.ts'
import { begun, eventsOf, inTurns, over } from './several-labs.ts'
import { terminal } from './terminal.ts'

const failing = eventsOf('b', { status: 'failed' })

describe('line reporter, labs side by side', () => {
  async function seen(events: RunEvent[], screen = terminal()): Promise<string[]> {
    const report = reporter(screen)
    for (const event of events) report.on(event)
    const lines = await screen.screen()
    await report.end?.()
    return lines
  }

  it('a terminal has a line for each that goes on', async () => {
    const events = [begun(['a', 'b', 'c']), ...inTurns(eventsOf('a').slice(0, 2), failing.slice(0, 1))]
    expect(await seen(events)).to.deep.equal([
      '3 labs, 2 side by side (2 cores), on sandbox: a test; suite ',
      'trixie',
      '  a  1 s  1/1  a does its step',
      '  b  1 s  0/1  a machine is started',
      '  3 labs: 1 waiting',
    ])
  })

  it('what took time before the labs began leaves no trace', async () => {
    const lines = await seen([{ type: 'progress', line: 'an image is built' }, begun(['a', 'b'])])
    expect(lines[0]).to.equal('2 labs, 2 side by side (2 cores), on sandbox: a test; suite ')
  })

  it('one that passed is told in a line, one that failed as a whole, as soon as it is over, above the others', async () => {
    const lines = await seen(
      [begun(['a', 'b', 'c']), ...inTurns(eventsOf('a'), failing, eventsOf('c').slice(0, 2))],
      terminal({ columns: 100, rows: 40 }),
    )
    expect(lines[1]).to.equal('✓ a passed in 1.5 s: 1 step, 1 command, 1 expectation held')
    expect(lines.slice(2, -2).join('\n')).to.equal(`
The lab b
lab b, document none, our own procedure, 1 step, on a machine on which no engine has ever run


1. b does its step
   $ act b
   ✗ b should hold
     saw it
   failed in 2 ms

   ExpectationError: b should hold

✗ b failed in 1.5 s`)
    expect(lines.slice(-2)).to.deep.equal(['  c  1 s  1/1  c does its step', '  3 labs: 1 passed, 1 failed'])
  })

  it('at the end no line stays, and those that failed are named once more', async () => {
    const lines = await seen([begun(['a', 'b']), ...inTurns(eventsOf('a'), failing), over], terminal({ rows: 40 }))
    expect(lines.slice(-3)).to.deep.equal(['', '✗ b: ExpectationError: b should hold', 'Every claim held.'])
  })

  it('one that was stopped is told in a line: who stopped it has seen enough', async () => {
    const stopped = { kind: 'interrupted' as const, message: 'interrupted by SIGINT' }
    const events = eventsOf('a').map(event =>
      event.type === 'lab-ended' ? { ...event, status: 'failed' as const, failure: stopped } : event,
    )
    const lines = await seen([begun(['a', 'b']), ...events, over], terminal({ columns: 80 }))
    expect(lines[1]).to.equal('✗ a failed in 1.5 s, in step 1: interrupted by SIGINT')
    expect(lines[2]).to.equal('Every claim held.')
  })

  it('a machine that stays is told, also of one that passed', async () => {
    const kept: RunEvent = {
      type: 'machine-kept',
      lab: 'a',
      machine: 'sandbox:trixie',
      name: 'a',
      enter: 'nsenter',
      remove: 'kill',
    }
    const lines = await seen([begun(['a', 'b']), ...eventsOf('a').toSpliced(-1, 0, kept as never), over])
    expect(lines.join('\n')).to.match(
      /\n✓ a passed .*\n(.*\n)? {3}sandbox:trixie stays\n {3}enter {3}npm run lab shell a\n {3}remove {2}npm run lab rm a\n/,
    )
  })

  it('what the machine lacks is told also of one that passed', async () => {
    const [start, , , , step, end] = eventsOf('a', { status: 'skipped' })
    const reason = 'the kernel has no ip_vs'
    const partly = eventsOf('b').toSpliced(-1, 0, { ...step, lab: 'b', reason } as never)
    const lines = await seen(
      [begun(['a', 'b']), start, { ...step, reason }, { ...end, reason }, ...partly] as RunEvent[],
      terminal({ columns: 100, rows: 40 }),
    )
    expect(lines[1]).to.equal('- a skipped in 1.5 s: the kernel has no ip_vs')
    expect(lines[2]).to.match(/^✓ b passed in 1\.5 s: 1 step \(1 skipped: the kernel has no ip_vs\), 1 command, /)
    expect(lines[3]).to.equal('  2 labs: 1 passed, 1 skipped')
  })

  describe('a host that gives no machine', () => {
    const failure = { kind: 'host' as const, message: 'the sandbox needs root', mend: 'use sudo' }
    const refused = (name: string): RunEvent[] => {
      const [start, , , , step, end] = eventsOf(name, { status: 'skipped' })
      if (!start || step?.type !== 'step-ended' || end?.type !== 'lab-ended') throw new Error('a lab starts and ends')
      return [start, step, { ...end, status: 'failed', failure }]
    }
    const events = [begun(['a', 'b', 'c']), ...inTurns(refused('a'), refused('b')), ...refused('c'), over]
    const inShort = `
✗ a failed in 1.5 s

✗ b: no machine, as above

✗ c: no machine, as above

✗ a, b, c: HostError: the sandbox needs root
Every claim held.`

    it('is told of once on a terminal', async () => {
      const lines = await seen(events, terminal({ columns: 100, rows: 40 }))
      expect(lines.join('\n').match(/use sudo/g)).to.have.length(1)
      expect(lines.join('\n').slice(-inShort.length)).to.equal(inShort)
    })

    it('is told of once in a log', () => {
      const log = memoryOutput()
      const report = reporter(log)
      for (const event of events) report.on(event)
      expect(log.text().match(/use sudo/g)).to.have.length(1)
      expect(log.text().trimEnd().slice(-inShort.length)).to.equal(inShort)
    })
  })

  it('somebody else may write above the lines', async () => {
    const screen = terminal()
    const report = reporter(screen)
    for (const event of [begun(['a', 'b']), ...eventsOf('a').slice(0, 2)]) report.on(event)
    report.aside?.(() => screen.write('a word\n'))
    expect((await screen.screen()).slice(2)).to.deep.equal([
      ...['a word', '  a  1 s  1/1  a does its step', '  2 labs: 1 waiting'],
    ])
    await report.end?.()
  })

  it('one by one, a terminal has their stories as they happen', async () => {
    const lines = await seen([begun(['a', 'b'], { jobs: 1 }), ...eventsOf('a').slice(0, 3)], terminal({ rows: 40 }))
    expect(lines.at(-1)).to.equal('   $ act a')
  })

  it('a log has the stories in their order, and no escape sequence', () => {
    const log = memoryOutput()
    const report = reporter(log)
    const events = [begun(['a', 'b', 'c']), ...inTurns(eventsOf('c'), failing, eventsOf('a')), over]
    for (const event of events) report.on(event)
    const parts = ['The lab a\n', '✓ a passed', 'The lab b\n', '✗ b failed', 'The lab c\n', '✓ c passed', '\n✗ b: ']
    const places = parts.map(part => log.text().indexOf(part))
    expect(places)
      .to.deep.equal(places.toSorted((one, other) => one - other))
      .and.not.to.include(-1)
    expect(log.text()).not.to.include('\x1b')
  })

  it('a log that is broken off has what is known of every lab', () => {
    const log = memoryOutput()
    const report = reporter(log)
    for (const event of [begun(['a', 'b']), ...failing]) report.on(event)
    expect(log.text()).not.to.include('The lab b')
    void report.end?.()
    expect(log.text()).to.include('✗ b failed')
  })
})
