import { expect } from 'chai'
import type { JsonReport } from '../../harness/reporters/json-report.ts'
import { type Ended, faultyLab, type PrivateHost, privateHost } from './private-host.ts'

describe('a lab that is at fault', () => {
  let host: PrivateHost
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    host = await privateHost()
    // Residue is looked at for a while, as some goes by itself: meanwhile others run.
    for (const name of ['leaves-behind', 'undoes-badly']) waiting.set(name, run(name))
  })
  after('nothing is left', async () => {
    const left = await host?.leftovers()
    await host?.[Symbol.asyncDispose]()
    expect(left ?? []).to.deep.equal([])
  })

  const waiting = new Map<string, Promise<Ended>>()
  const run = (name: string, env: Record<string, string> = {}) =>
    host.lab([faultyLab(name), '--on', 'sandbox'], { env }).ended

  it('throws what is no error: its step fails, the rest is skipped, all is undone', async () => {
    const { exitCode, stdout, report } = await run('throws')
    expect(exitCode).to.equal(1)
    expect(stdout).to.include("LabError: 'a text' was thrown, which is no Error")
    expect(only(report)).to.deep.include({ kind: 'lab', step: 2 })
    expect(statuses(report)).to.deep.equal(['passed', 'failed', 'skipped'])
    expect(report?.labs[0]).to.have.property('residue').that.deep.equals([])
  })

  it('hangs: its limit ends it, and its commands in the guest, even those that do not obey', async () => {
    const { exitCode, stdout, report } = await run('hangs')
    expect(exitCode).to.equal(1)
    expect(stdout).to.include('LimitError: step 1 "the command ends" took longer than its limit of 1 s')
    expect(only(report)).to.deep.include({ kind: 'limit', step: 1 })
    expect(only(report)?.saw).to.equal("still running: trap '' TERM; sleep 1000; sleep 1000")
    expect(report?.labs[0]?.steps[0]?.commands).to.have.length(1)
    expect(report?.labs[0]?.undo[0]?.stdout, 'what is left of it').to.equal('')
  })

  const forgotten: [what: string, step: number, kind: string, says: RegExp][] = [
    ['a command', 1, 'command', /^command failed \(exit code 1\): ip link show no-such-link$/],
    ['a command that ends after its step', 2, 'command', /ip link show no-such-link$/],
    ['an expectation', 1, 'lab', /^an expectation was not awaited: write `await expect\(…\)`$/],
    ['an expectation that fails at once', 1, 'claim', /^the command should print "another"$/],
    ['a promise', 1, 'lab', /^Error: nobody awaits this$/],
    ['a timer', 1, 'lab', /^Error: nobody awaits this$/],
  ]
  for (const [what, step, kind, says] of forgotten) {
    it(`does not await ${what}: step ${step} fails for it, at once`, async () => {
      const { exitCode, report } = await run('forgets-await', { FORGOTTEN: what })
      expect(exitCode).to.equal(1)
      expect(only(report)).to.deep.include({ kind, step })
      expect(only(report)?.message).to.match(says)
      expect(report?.labs[0]?.residue).to.deep.equal([])
    })
  }

  it('leaves something behind: that is named, as a difference', async () => {
    const { exitCode, stdout, report } = (await waiting.get('leaves-behind')) as Ended
    const left = ['+ link br01 bridge down mtu 1500', '+ rule ip filter -A FORWARD -s 192.0.2.1/32 -j DROP']
    expect(exitCode).to.equal(1)
    expect(stdout).to.include(`ResidueError: the lab leaves the machine changed:\n  ${left.join('\n  ')}\n`)
    expect(report?.labs[0]?.residue).to.deep.equal(left)
    expect(only(report)).to.deep.include({ kind: 'residue', step: null })
  })

  it('undoes badly: the first error is shown, the others run, what is left is named all the same', async () => {
    const { exitCode, stdout, report } = (await waiting.get('undoes-badly')) as Ended
    expect(exitCode).to.equal(1)
    expect(stdout).to.match(
      /CommandError: command failed \(exit code 1\): ip link delete first-of-the-two\n {2}where test\/fixtures\/labs\/undoes-badly\.ts:\d+, sandbox:trixie\n/,
    )
    expect(report?.labs[0]?.undo.map(({ command }) => command)).to.deep.equal(
      ['first-of-the-two', 'last-of-the-two', 'br01'].map(link => `ip link delete ${link}`),
    )
    expect(report?.labs[0]?.residue).to.deep.equal(['+ link br02 bridge down mtu 1500'])
    expect(only(report)?.kind).to.equal('command')
  })
})

describe('a file that is no lab', () => {
  const cases: [name: string, says: RegExp][] = [
    [
      'no-such-file',
      /^HostError: there is no lab's file test\/fixtures\/labs\/no-such-file\.ts\n {2}mend {2}looked for \//,
    ],
    [
      'has-no-lab',
      /can't be loaded: its default export must be lab\({ … }, body\)\n {2}mend {2}mend test\/fixtures\/labs\/has-no-lab\.ts$/,
    ],
    [
      'throws-at-once',
      /can't be loaded: not even begun\n {2}mend {2}mend test\/fixtures\/labs\/throws-at-once\.ts:\d$/,
    ],
    ['acts-at-once', /can't be loaded: lab \S+ acts outside a step: only step\(\) may stand in a lab's body\n/],
    ['has-no-steps', /can't be loaded: it has no step\n/],
  ]
  for (const [name, says] of cases) {
    it(`${name}: the file and the fault are named, without a stack`, async () => {
      await using host = await privateHost({ image: false })
      const { exitCode, stdout, stderr, report }: Ended = await host.lab([faultyLab(name)]).ended
      expect(stderr).to.match(says)
      expect(stderr).not.to.match(/^ +at /m)
      expect({ exitCode, stdout, report }).to.deep.equal({ exitCode: 2, stdout: '', report: undefined })
    })
  }
})

/** The one failure of a report; more would be one told twice. */
function only(report: JsonReport | undefined) {
  expect(report?.failures).to.have.length(1)
  return report?.failures[0]
}

function statuses(report: JsonReport | undefined) {
  return report?.labs.flatMap(lab => lab.steps.map(({ status }) => status))
}
