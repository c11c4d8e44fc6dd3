import { HostError } from '../../vm/errors.ts'
import { readDocuments } from '../claims/documents.ts'
import { type Change, changes, said } from '../ledger/changes.ts'
import { evidenceOf } from '../ledger/evidence.ts'
import { readEvidence, readLedger, writeLedger } from '../ledger/files.ts'
import { makeLedger, provenRuns } from '../ledger/ledger.ts'
import { ledgerPage } from '../ledger/page.ts'
import { count } from '../reporters/words.ts'
import { findLabs } from '../run/registry.ts'
import { latestRuns, readReport } from './read-report.ts'

/**
 * Compares what runs have proved with the committed ledger, and shows each verdict that is another. With `update` the new one is
 * written. 0 when nothing differs, or it was written; 1 when a verdict differs, or a lab failed in a report.
 */
export async function ledger(paths: readonly string[], { update }: { update: boolean }): Promise<number> {
  if (paths.length === 0) {
    throw new HostError('a ledger is made of reports of runs, and none was named', {
      mend: 'npm run lab -- --all --reporter json=report.json && npm run lab ledger report.json',
    })
  }
  const [reports, documents, labs, before] = await Promise.all([
    Promise.all(paths.map(readReport)),
    readDocuments(),
    findLabs(),
    readLedger(),
  ])
  const latest = latestRuns(reports)
  const failed = latest.flatMap(({ labs }) => labs.filter(({ status }) => status === 'failed'))
  if (failed.length > 0) {
    const names = [...new Set(failed.map(({ name }) => name))].join(', ')
    process.stdout.write(
      `✗ ${names} failed in these runs: nothing is proved by what failed, and the ledger stays as it is\n`,
    )
    return 1
  }
  const runs = provenRuns(latest)
  const headers = labs.map(({ header }) => header)
  const after = makeLedger(documents, headers, runs, before)
  const found = changes(before, after)
  process.stdout.write(found.map(inWords).join(''))
  if (update) {
    const evidence = await Promise.all(
      headers.map(async ({ name }) => evidenceOf(name, runs, await readEvidence(name))),
    )
    await writeLedger(after, ledgerPage(after, documents), evidence)
  }
  const judged = after.claims.filter(({ cells, untestable }) => cells.length > 0 || untestable !== null).length
  const sum = `${judged} of ${count(after.claims.length, 'claim')} judged; ${count(found.length, 'verdict')} changed`
  process.stdout.write(`${sum}${update ? ', the ledger is written' : ''}\n`)
  if (found.length === 0 || update) return 0
  process.stdout.write('mend  look at each; what is right is accepted with --update\n')
  return 1
}

function inWords({ id, engine, backend, before, after }: Change): string {
  const proofs = (after ?? before)?.proofs.map(({ lab, step, title }) => `  by ${lab}, step ${step}: ${title}\n`) ?? []
  return `${id} on ${engine} ${backend}\n  was ${said(before)}\n  is  ${said(after)}\n${proofs.join('')}`
}
