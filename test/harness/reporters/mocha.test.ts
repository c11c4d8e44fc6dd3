import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import Mocha from 'mocha'
import { loadReporter } from '../../../harness/reporters/load.ts'
import { type MochaReport, mochaReport } from '../../../harness/reporters/mocha.ts'
import { fileOutput } from '../../../harness/reporters/output.ts'

/** Runs a suite of a passing, a failing and a skipped test as the runner runs labs, and returns what reached standard output. */
async function run(reports: MochaReport[]): Promise<string> {
  const mocha = new Mocha({ reporter: class extends Mocha.reporters.Base {} })
  const suite = Mocha.Suite.create(mocha.suite, 'a lab')
  suite.addTest(new Mocha.Test('it passes', () => {}))
  suite.addTest(new Mocha.Test('it fails', () => expect(1).to.equal(2)))
  suite.addTest(
    new Mocha.Test('it is skipped', function (this: Mocha.Context) {
      this.skip()
    }),
  )
  const { write } = process.stdout
  let printed = ''
  process.stdout.write = ((chunk: string) => {
    printed += chunk
    return true
  }) as typeof write
  try {
    await new Promise<void>(resolve => {
      const runner = mocha.run(() => resolve())
      for (const { Reporter } of reports) new Reporter(runner, mocha.options)
    })
    for (const { end } of reports) await end()
  } finally {
    process.stdout.write = write
  }
  return printed
}

async function builtIn(name: string, path?: string): Promise<MochaReport> {
  const loaded = await loadReporter(name)
  if (!('mocha' in loaded)) throw new Error(`${name} is not mocha's`)
  return mochaReport(loaded.mocha, path === undefined ? undefined : fileOutput(path), error => {
    throw error
  })
}

describe('mocha reporters', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
  after(() => rmSync(folder, { recursive: true }))

  it('a reporter made for mocha prints to standard output', async () => {
    expect(await run([await builtIn('tap')])).to.match(/^ok 1 a lab it passes\nnot ok 2 a lab it fails\n/)
  })

  it('several at once write each to its own file, and nothing to standard output', async () => {
    const names = ['spec', 'tap', 'xunit', 'dot', 'list', 'json-stream']
    const reports = await Promise.all(names.map(name => builtIn(name, join(folder, `${name}.txt`))))
    expect(await run(reports)).to.equal('')
    const text = (name: string) => readFileSync(join(folder, `${name}.txt`), 'utf8')
    expect(text('spec')).to.include('a lab').and.to.include('1 passing').and.to.include('1 failing')
    expect(text('tap')).to.include('# tests 2')
    expect(text('xunit')).to.match(/^<testsuite name="Mocha Tests" tests="3" failures="0" errors="1" skipped="1"/)
    expect(text('dot')).to.include('1 passing')
    expect(
      text('json-stream')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)[0]),
    ).to.deep.equal([...['start', 'pass', 'fail', 'end']])
  })

  it('one may print while another writes a file', async () => {
    const printed = await run([await builtIn('dot'), await builtIn('tap', join(folder, 'beside.txt'))])
    expect(printed).to.include('1 passing').and.not.to.include('not ok')
    expect(readFileSync(join(folder, 'beside.txt'), 'utf8')).to.include('not ok 2')
  })
})
