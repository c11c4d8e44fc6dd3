import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'

const top = fileURLToPath(new URL('../..', import.meta.url))

describe('the rehearsal of a workflow for several suites', function () {
  this.timeout(300_000)
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })
  const rehearse = async (labs: string) =>
    await execa(process.execPath, ['bootstrap.cjs', 'ci:rehearse', '--suite', 'trixie,forky', '--backend', 'nft'], {
      ...{ cwd: top, reject: false, stdin: 'ignore' },
      env: { ON: 'sandbox', SHARDS: '2', LABS: labs, ACT_S: '1' },
    })

  it('runs its shards, and ends with a summary of them all', async () => {
    const { exitCode, stdout } = await rehearse('test/fixtures/labs/holds.ts test/fixtures/labs/waits.ts')
    expect(stdout).to.match(/## ✅ labs 4 passed; .*\n\n\| lab \| trixie \| forky \|/)
    expect(stdout.match(/^\| test\/fixtures\/labs\/(holds|waits)\.ts \| ✅ [^|]* \| ✅ [^|]* \|$/gm)).to.have.length(2)
    expect(exitCode).to.equal(0)
  })
})

describe('the workflow’s mutations', function () {
  this.timeout(300_000)
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })

  it('are tried in parts, and told together', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vethlab-mutations-'))
    const summary = join(folder, 'summary.md')
    const run = async (script: string, env = {}) =>
      await execa(join(top, '.github', 'scripts', script), {
        ...{ cwd: top, reject: false, stdin: 'ignore' },
        env: { ON: 'sandbox', OUT: folder, LABS: 'test/fixtures/labs/holds.ts', GITHUB_STEP_SUMMARY: summary, ...env },
      })
    try {
      expect((await run('mutations.sh', { SHARD: '1/2' })).exitCode).to.equal(0)
      const early = await run('mutations-report.sh')
      expect(early.exitCode).to.equal(2)
      expect(early.stderr).to.match(/^HostError: shard 2 of 2 is missing/m)
      expect((await run('mutations.sh', { SHARD: '2/2' })).exitCode).to.equal(0)
      const whole = await run('mutations-report.sh')
      // The lab looks at neither mask.
      expect(whole.exitCode).to.equal(1)
      expect(readFileSync(summary, 'utf8')).to.match(
        /holds\S*: 10 commands, .*; 2 survived, 2 of them unexplained; 1 not applicable/,
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
