import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'
import type { JsonReport } from '../../../harness/reporters/json-report.ts'

const top = fileURLToPath(new URL('../../..', import.meta.url))

describe('a run in shards, from the command line', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
  after(() => rmSync(folder, { recursive: true }))
  const lab = async (...args: string[]) =>
    await execa(process.execPath, ['bootstrap.cjs', 'lab', ...args], { cwd: top, reject: false, stdin: 'ignore' })

  it('is one report when its blobs are merged, and says which shard is missing until then', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const labs = ['holds', 'throws'].map(name => `test/fixtures/labs/${name}.ts`)
    const shard = async (part: string) =>
      await lab(...labs, '--on', 'sandbox', '--shard', part, '--reporter', `blob=${join(folder, `${part[0]}.blob`)}`)
    expect((await shard('1/2')).exitCode).to.be.oneOf([0, 1])
    const early = await lab('merge', folder)
    expect(early.exitCode).to.equal(2)
    expect(early.stderr).to.match(/^HostError: shard 2 of 2 is missing/)
    await shard('2/2')

    const json = join(folder, 'report.json')
    const merged = await lab('merge', folder, '--reporter', `json=${json}`, '--reporter', 'spec')
    expect(merged.exitCode).to.equal(1)
    expect(merged.stdout).to.match(/5 passing/)
    const report = JSON.parse(readFileSync(json, 'utf8')) as JsonReport
    expect(report.labs.map(({ status }) => status)).to.deep.equal(['passed', 'failed'])
    const all = await lab(...labs, '--on', 'sandbox', '--reporter', 'json')
    const alone = JSON.parse(all.stdout) as JsonReport
    expect(report.totals).to.deep.equal(alone.totals)
    expect(report.failures.map(({ message }) => message)).to.deep.equal(alone.failures.map(({ message }) => message))
  })

  it('is refused for a part that is none', async () => {
    const { exitCode, stderr } = await lab('bridge-nat', '--shard', '3/2')
    expect(exitCode).to.equal(2)
    expect(stderr).to.match(/--shard 3\/2 is no part of a run/)
  })
})
