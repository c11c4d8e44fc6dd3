import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'
import type { JsonReport } from '../../../harness/reporters/json-report.ts'
import { terminal } from '../reporters/terminal.ts'

const top = fileURLToPath(new URL('../../..', import.meta.url))
const faulty = (name: string) => `test/fixtures/labs/${name}.ts`

/*
 * Several labs at once in real sandboxes: what a user types, and what he sees.
 */
describe('several labs from the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })
  after(() => rmSync(folder, { recursive: true }))
  const file = (name: string) => join(folder, name)
  const written = (name: string) => readFileSync(file(name), 'utf8')

  it('side by side are one story after another in a log, and one report in every other', async () => {
    const others = ['json', 'junit', 'spec', 'tap', 'xunit'].flatMap(name => ['--reporter', `${name}=${file(name)}`])
    const labs = [faulty('waits'), faulty('throws'), faulty('leaves-behind')]
    const { exitCode, stdout, stderr } = await execa(
      process.execPath,
      ['bootstrap.cjs', 'lab', ...labs, '--on', 'sandbox', '--jobs', '3', '--reporter', 'line', ...others],
      { cwd: top, reject: false, stdin: 'ignore', env: { ACT_S: '1' } },
    )
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 1, stderr: '' })
    expect(stdout).to.match(/^3 labs, 3 side by side \(as you asked[^)]*\), on sandbox: /)
    const told = [...stdout.matchAll(/^A lab that (\w+)|^. .*\/([\w-]+)\.ts (passed|failed) in/gm)].map(
      ([text]) => text,
    )
    expect(told.map(text => /that \w+|\S+ in$/.exec(text)?.[0].replace(/ in$/, ''))).to.deep.equal([
      ...['that waits', 'passed', 'that throws', 'failed', 'that leaves', 'failed'],
    ])
    const report: JsonReport = JSON.parse(written('json'))
    expect(report.jobs?.number).to.equal(3)
    expect(report.labs.map(({ name, status }) => `${name} ${status}`)).to.deep.equal([
      ...[`${labs[0]} passed`, `${labs[1]} failed`, `${labs[2]} failed`],
    ])
    expect(written('junit').match(/<testsuite name="[^"]+"/g)).to.have.length(3)
    expect(written('spec').match(/^ {2}A lab that \w+/gm)).to.deep.equal(
      ['waits', 'throws', 'leaves'].map(what => `  A lab that ${what}`),
    )
    for (const sum of ['4 passing', '1 pending', '2 failing']) expect(written('spec')).to.include(sum)
    const points = written('tap').match(/^(not )?ok \d+ A lab that \w+|^1\.\.\d+$/gm)
    expect(points).to.deep.equal([
      ...['ok 1 A lab that waits', 'ok 2 A lab that waits'],
      ...['ok 3 A lab that throws', 'not ok 4 A lab that throws', 'ok 5 A lab that throws'],
      ...['ok 6 A lab that leaves', 'not ok 7 A lab that leaves', '1..7'],
    ])
    expect(written('xunit').match(/<testcase classname="[\w ]+/g)).to.have.length(7)
    expect(written('xunit').trim()).to.match(/<\/testsuite>$/)
  })

  it('run several times say in what they differ', async () => {
    const args = ['lab', faulty('throws'), '--on', 'sandbox', '--repeat', '2', '--reporter', `json=${file('repeated')}`]
    const { exitCode, stdout } = await execa(process.execPath, ['bootstrap.cjs', ...args, '--reporter', 'line'], {
      ...{ cwd: top, reject: false, stdin: 'ignore' },
    })
    expect(exitCode).to.equal(1)
    expect(stdout).to.include('\n✗ test/fixtures/labs/throws.ts passed 0 of 2 times, each time alike\n')
    const report: JsonReport = JSON.parse(written('repeated'))
    expect(report.labs.map(({ repetition }) => repetition)).to.deep.equal([1, 2])
    expect(report.repeated).to.deep.equal([{ lab: faulty('throws'), cell: null, runs: 2, passed: 0, differences: [] }])
  })

  it('on a terminal are a line each; Ctrl-C ends them all, and their machines go', async () => {
    const screen = terminal({ columns: 100, rows: 30 })
    const run = `${process.execPath} bootstrap.cjs lab ${faulty('waits')} ${faulty('hangs')} ${faulty('throws')} --on sandbox --jobs 2`
    const session = ['--quiet', '--return', '--command', `stty cols 100 rows 30; exec ${run}`, '/dev/null']
    const child = execa('script', session, {
      cwd: top,
      reject: false,
      stdin: 'pipe',
      env: { ACT_S: '600', LIMIT_S: '600' },
    })
    child.stdout.on('data', chunk => screen.write(String(chunk)))
    const shows = async (...patterns: RegExp[]) => {
      for (;;) {
        const text = (await screen.screen()).join('\n')
        if (patterns.every(pattern => pattern.test(text))) return text
        await pause(20)
      }
    }
    const seen = await shows(/waits\.ts +\d+ s +1\/2 +a command runs$/m, /hangs\.ts +\d+ s +1\/2 +the command ends$/m)
    expect(seen).to.match(/\n {2}3 labs: 1 waiting$/)
    child.stdin.write('\x03')
    const { exitCode } = await child
    expect(exitCode).to.equal(130)
    const left = await shows(/Interrupted\./)
    expect(left)
      .to.match(/^SIGINT: the machines go now/m)
      .and.to.match(/\nInterrupted\.$/)
    expect(left).to.match(/^✗ .*waits\.ts failed in .*, in step 1: interrupted by SIGINT$/m)
    expect(left).not.to.match(/waiting|\d+ s +1\/2/)
  })
})
