import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { execa } from 'execa'
import { readLedger } from '../../../harness/ledger/files.ts'
import type { LedgerCell } from '../../../harness/ledger/ledger.ts'

const top = fileURLToPath(new URL('../../..', import.meta.url))
const lab = async (...args: string[]) =>
  await execa(process.execPath, ['bootstrap.cjs', 'lab', ...args], { cwd: top, reject: false, stdin: 'ignore' })

describe('npm run lab ledger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vethlab-test-'))
  after(() => rmSync(folder, { recursive: true }))

  /** A report of a run that proves with Docker 28.5 what the committed ledger says that publish-port proves there. */
  async function report({ backend = 'nft', mend = (because: string | null) => because } = {}) {
    const { claims = [] } = (await readLedger()) ?? {}
    const proofs = claims.flatMap(({ id, cells }) =>
      cells
        .filter(({ engine, backend }: LedgerCell) => engine === '28.5' && backend === 'nft')
        .flatMap(({ proofs }) => proofs.filter(proof => proof.lab === 'publish-port').map(proof => ({ id, ...proof }))),
    )
    const steps = [...Map.groupBy(proofs, ({ title }) => title)].map(([title, its]) => ({
      ...{ number: its[0]?.step, title, status: 'passed', commands: [], changed: [] },
      expectations: [{ text: 'it is so', status: 'passed', saw: 'so' }],
      judgements: its.map(({ id, verdict, because }) => ({ id, verdict, because: mend(because), on: {} })),
    }))
    const machine = { provider: 'qemu', suite: 'forky', kernel: '7', iptables: '1.8.13', iptablesBackend: backend }
    const labs = [{ name: 'publish-port', status: 'passed', machine: { ...machine, engine: '28.5.2' }, steps }]
    const path = join(folder, `${backend}.json`)
    writeFileSync(path, JSON.stringify({ schema: 'vethlab-report/1', endedAt: '2026-03-01T10:00:00.000Z', labs }))
    return path
  }

  it('finds nothing changed in a report that proves the same, by another provider', async () => {
    const { stdout, exitCode } = await lab('ledger', await report())
    expect(stdout).to.match(/^\d+ of \d+ claims judged; 0 verdicts changed, 0 new$/)
    expect(exitCode).to.equal(0)
  })

  it('tells of an engine or a backend that it has not known, and does not fail for it', async () => {
    const { stdout, exitCode } = await lab('ledger', await report({ backend: 'unheard' }))
    expect(stdout).to.match(
      /^28\.5 unheard is new: \d+ verdicts\n\d+ of \d+ claims judged; 0 verdicts changed, \d+ new$/,
    )
    expect(exitCode).to.equal(0)
  })

  it('shows a verdict that changed, before and after, with what proves it, and fails', async () => {
    const mend = (because: string | null) =>
      because?.replace('the second rule is gone', 'the second rule is another') ?? null
    const { stdout, exitCode } = await lab('ledger', await report({ mend }))
    expect(stdout).to.match(
      /^S000-25 on 28\.5 nft\n {2}was differs: the second rule is gone\n {2}is {2}differs: the second rule is another\n {2}by publish-port, step \d+: /m,
    )
    expect(stdout).to.match(/; 1 verdict changed, 0 new\nmend /)
    expect(exitCode).to.equal(1)
  })
})
