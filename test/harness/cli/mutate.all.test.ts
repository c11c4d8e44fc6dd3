import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'
import type { MutationReport } from '../../../harness/mutate/report.ts'

const top = fileURLToPath(new URL('../../..', import.meta.url))

describe('labs broken on purpose, from the command line', function () {
  this.timeout(300_000)
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
  after(() => rmSync(folder, { recursive: true }))
  const lab = (...args: string[]) =>
    execa(process.execPath, ['bootstrap.cjs', 'lab', ...args], { cwd: top, reject: false, stdin: 'ignore' })

  it('are told as they are tried, and summed up', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const { exitCode, stdout } = await lab(
      'test/fixtures/labs/holds.ts',
      '--on',
      'sandbox',
      '--mutate',
      '--mutation',
      '9.1,3',
    )
    expect(stdout).to.match(
      /^✔ killed in step 3 after .* m?s {2}\S*holds\S* 3\.1 leave-out: without iptables -A INPUT/m,
    )
    expect(stdout.trim().split('\n').at(-1)).to.match(
      /^\S*holds\S*: 10 commands, 2 of them only look; 100\.0 % killed: 2 of 2, in .*; 1 not applicable$/,
    )
    expect(exitCode).to.equal(0)
  })

  it('are known by their ids, and no others', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const { exitCode, stderr } = await lab('test/fixtures/labs/holds.ts', '--on', 'sandbox', '--mutation', '9.1')
    expect(exitCode).to.equal(2)
    expect(stderr).to.match(/^HostError: there is no mutation 9\.1 of /m)
  })

  it('are kept when it is interrupted, and not tried again', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const path = join(folder, 'part.json')
    const args = ['test/fixtures/labs/holds.ts', '--on', 'sandbox', '--mutation', '3,4', '--jobs', '1']
    const run = lab(...args, '--reporter', `json=${path}`)
    for await (const line of run) {
      if (!line.startsWith('✔ killed')) continue
      run.kill('SIGINT')
      break
    }
    const { exitCode, stderr } = await run
    expect(exitCode).to.equal(130)
    expect(stderr).to.contain(`what was tried is in ${path}: --resume ${path} goes on from there`)
    const [part] = (JSON.parse(readFileSync(path, 'utf8')) as MutationReport).labs

    const whole = join(folder, 'whole.json')
    const rest = await lab(...args, '--resume', path, '--reporter', `json=${whole}`)
    expect(rest.exitCode, rest.stderr).to.equal(0)
    const [all] = (JSON.parse(readFileSync(whole, 'utf8')) as MutationReport).labs
    expect(part?.mutations.length).to.be.within(1, (all?.mutations.length ?? 0) - 1)
    // How long each took is never the same twice.
    expect(all?.mutations.slice(0, part?.mutations.length)).to.deep.equal(part?.mutations)

    const onto = await lab(...args, '--resume', path, '--reporter', `json=${path}`)
    expect(onto.exitCode).to.equal(2)
    expect(onto.stderr).to.match(/part.json is what this run goes on from/)
  })
})
