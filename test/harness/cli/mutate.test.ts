import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'
import { findLabs } from '../../../harness/run/registry.ts'

const top = fileURLToPath(new URL('../../..', import.meta.url))

describe('labs broken on purpose, from the command line', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
  after(() => rmSync(folder, { recursive: true }))
  const lab = (...args: string[]) =>
    execa(process.execPath, ['bootstrap.cjs', 'lab', ...args], { cwd: top, reject: false, stdin: 'ignore' })

  it('are refused where they would not be thrown away, or reported otherwise', async () => {
    const kept = await lab('bridge-nat', '--mutate', '--keep')
    expect(kept.exitCode).to.equal(2)
    expect(kept.stderr).to.match(/can't use --keep/)
    const junit = await lab('bridge-nat', '--mutate', '--reporter', 'junit=out.xml')
    expect(junit.exitCode).to.equal(2)
    expect(junit.stderr).to.match(/--mutate has one report, and junit is not it/)
    const nowhere = await lab('bridge-nat', '--mutate', '--on', 'sandbox', '--reporter', 'json=/dev/null/out.json')
    expect(nowhere.exitCode).to.equal(2)
    expect(nowhere.stdout).to.equal('')
    expect(nowhere.stderr).to.match(/^HostError: the report can't be written to \/dev\/null\/out.json/)
  })

  it('are told as they were written down, with the labs that have changed since', async () => {
    const { stdout } = await lab('mutations')
    expect(stdout).to.match(/^two-machines: \d+ commands, .* killed: /m)
    const labs = await findLabs()
    const told = labs.filter(({ name }) => new RegExp(`^${name}: `, 'm').test(stdout))
    expect(told.map(({ name }) => name)).to.deep.equal(labs.map(({ name }) => name))
  })

  it('are not read out of another report', async () => {
    const path = join(folder, 'other.json')
    writeFileSync(path, '{"schema":"vethlab-report/1"}')
    const { exitCode, stderr } = await lab('mutations', path)
    expect(exitCode).to.equal(2)
    expect(stderr).to.match(/other.json is no report of mutations/)
  })
})
