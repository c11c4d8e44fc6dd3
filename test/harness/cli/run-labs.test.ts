import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'
import type { JsonReport } from '../../../harness/reporters/json-report.ts'

const top = fileURLToPath(new URL('../../..', import.meta.url))

/*
 * Whole runs in a real sandbox: what a user types, and what he is left with.
 */
describe('a run from the command line', function () {
  // The first one may have to build the image.
  this.timeout(600_000)

  const folder = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
  after(() => rmSync(folder, { recursive: true }))
  const file = (name: string) => join(folder, name)
  const reportIn = (name: string): JsonReport => JSON.parse(readFileSync(file(name), 'utf8'))

  function lab(...args: string[]) {
    const command = ['bootstrap.cjs', 'lab', 'bridge-nat', '--on', 'sandbox', ...args]
    return execa(process.execPath, command, { cwd: top, reject: false, stdin: 'ignore' })
  }

  /** The folder of a machine that this process runs, as the process's descendants name it. */
  async function machinesOf(pid: number | undefined): Promise<string[]> {
    const { stdout } = await execa('ps', ['-e', '-o', 'args='])
    return stdout.split('\n').filter(line => line.includes(`vethlab-${process.getuid?.()}/${pid}-`))
  }

  it('tells a story, and the same in every other report', async () => {
    const others = ['json', 'junit', 'spec', 'tap'].flatMap(name => ['--reporter', `${name}=${file(name)}`])
    const { exitCode, stdout, stderr } = await lab('--until', '2', '--reporter', 'line', ...others)
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' })
    expect(stdout).to.match(/^on sandbox: .*; suite trixie\n\nA bridge, two namespaces and NAT, by hand\n/)
    expect(stdout).to.match(
      /\n\n1\. br01 is a bridge {2}S001-09\n {3}\$ brctl addbr br01\n {3}✓ link br01 should be a bridge\n {5}saw /,
    )
    expect(stdout).to.match(
      /\n✓ the machine is as it was before the lab .*\n\n✓ bridge-nat passed in .*\nsteps 2 passed, \d+ skipped; /,
    )

    const report = reportIn('json')
    const [bridge] = report.labs
    expect(report).to.deep.include({
      exitCode: 0,
      provider: 'sandbox',
      suite: 'trixie',
      accelerator: 'host',
      failures: [],
    })
    expect(report.engine?.version).to.match(/^26\.1\.\d+$/)
    expect(report.kernel).to.match(/^\d+\.\d+/)
    expect(report.iptables?.backend).to.equal('nft')
    expect(bridge?.steps.slice(0, 3).map(({ status }) => status)).to.deep.equal(['passed', 'passed', 'skipped'])
    expect(bridge?.steps[0]?.commands[0]).to.deep.include({ command: 'brctl addbr br01', exitCode: 0, signal: null })
    expect(bridge?.residue).to.deep.equal([])

    expect(readFileSync(file('junit'), 'utf8'))
      .to.include('name="1. br01 is a bridge"')
      .and.to.include(' failures="0" errors="0"')
    expect(readFileSync(file('spec'), 'utf8')).to.include('2 passing')
    expect(readFileSync(file('tap'), 'utf8')).to.match(
      /^ok 1 A bridge, two namespaces and NAT, by hand br01 is a bridge$/m,
    )
  })

  it('Ctrl-C ends the machine, completes the report, and exits with 130', async () => {
    const child = lab('--reporter', 'line', '--reporter', `json=${file('interrupted')}`)
    await new Promise<void>(resolve => child.stdout.on('data', text => String(text).includes('\n1. ') && resolve()))
    expect(await machinesOf(child.pid)).not.to.have.length(0)
    child.kill('SIGINT')
    const { exitCode, stdout } = await child
    expect(exitCode).to.equal(130)
    expect(stdout).to.match(/\nInterrupted\.$/)
    const { failures, ...report } = reportIn('interrupted')
    expect(report.exitCode).to.equal(130)
    expect(failures.map(({ kind }) => kind)).to.deep.equal(['interrupted'])
    expect(await machinesOf(child.pid)).to.deep.equal([])
  })

  it('a reader that goes away ends the machine too', async () => {
    const child = lab('--reporter', 'line', '--reporter', `json=${file('unread')}`)
    await new Promise<void>(resolve => child.stdout.on('data', text => String(text).includes('\n1. ') && resolve()))
    child.stdout.destroy()
    const { exitCode, stderr } = await child
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 130, stderr: '' })
    expect(reportIn('unread').exitCode).to.equal(130)
    expect(await machinesOf(child.pid)).to.deep.equal([])
  })
})
