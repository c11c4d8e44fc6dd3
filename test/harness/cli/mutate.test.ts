import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'
import type { MutationReport } from '../../../harness/mutate/report.ts'

const top = fileURLToPath(new URL('../../..', import.meta.url))

describe('labs broken on purpose, from the command line', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
  after(() => rmSync(folder, { recursive: true }))
  const lab = async (...args: string[]) =>
    await execa(process.execPath, ['bootstrap.cjs', 'lab', ...args], { cwd: top, reject: false, stdin: 'ignore' })
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as MutationReport

  it('are told as they are tried, summed up, and written down; shards make up the whole', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const mutated = async (...args: string[]) =>
      await lab('test/fixtures/labs/holds.ts', '--on', 'sandbox', '--mutate', ...args)
    const paths = ['1', '2'].map(part => join(folder, `${part}.json`))
    const runs = [
      await mutated('--shard', '1/2', '--reporter', `json=${paths[0]}`),
      await mutated('--shard', '2/2', '--reporter', `json=${paths[1]}`),
    ]
    const lines = runs.map(({ stdout }) => stdout).join('\n')
    expect(lines).to.match(/^✔ killed in step 1 after .*without ip link add/m)
    const early = await lab('mutations', paths[0] ?? '')
    expect(early.exitCode).to.equal(2)
    expect(early.stderr).to.match(/^HostError: of .*holds\S* only \d+ of \d+ mutations are in these reports/)
    const both = await lab('mutations', ...paths)
    const tried = paths.flatMap(path => read(path).labs.flatMap(({ mutations }) => mutations))
    const survived = tried.filter(({ outcome }) => outcome.result === 'survived')
    expect(both.stdout).to.include(`${tried.length - survived.length} of ${tried.length}`)
    expect(both.exitCode).to.equal(survived.length > 0 ? 1 : 0)
    expect(Math.max(...runs.map(({ exitCode = -1 }) => exitCode))).to.equal(survived.length > 0 ? 1 : 0)
  })

  it('are refused where they would not be thrown away, or reported otherwise', async () => {
    const kept = await lab('bridge-nat', '--mutate', '--keep')
    expect(kept.exitCode).to.equal(2)
    expect(kept.stderr).to.match(/can't use --keep/)
    const junit = await lab('bridge-nat', '--mutate', '--reporter', 'junit=out.xml')
    expect(junit.exitCode).to.equal(2)
    expect(junit.stderr).to.match(/--mutate has one report, and junit is not it/)
  })

  it('are not read out of another report', async () => {
    const path = join(folder, 'other.json')
    writeFileSync(path, '{"schema":"vethlab-report/1"}')
    const { exitCode, stderr } = await lab('mutations', path)
    expect(exitCode).to.equal(2)
    expect(stderr).to.match(/other.json is no report of mutations/)
  })
})
