import { HostError } from '../../vm/errors.ts'
import { readDocuments } from '../claims/documents.ts'
import { type Change, changes, said } from '../ledger/changes.ts'
import { evidenceOf } from '../ledger/evidence.ts'
import { readEvidence, readLedger, writeLedger } from '../ledger/files.ts'
import { type Ledger, type LedgerCell, makeLedger, provenRuns } from '../ledger/ledger.ts'
import { ledgerPage } from '../ledger/page.ts'
import { undeclaredChanges } from '../ledger/undeclared.ts'
import { patch } from '../ledger/upgrades.ts'
import { count } from '../reporters/words.ts'
import { findLabs } from '../run/registry.ts'
import { latestRuns, readReport } from './read-report.ts'

/**
 * Compares what runs have proved with the committed ledger, and shows each verdict that is another, and each that is new: where the
 * claim had not been judged before. With `update` the new one is written. 0 when none is another, or it was written; 1 when a verdict
 * is another, a lab failed in a report, or a lab expects other rules of a newer engine and does not say what changed.
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
  const unsaid = undeclaredChanges(runs)
  if (unsaid.length > 0) {
    for (const { lab, step, ...sides } of unsaid) {
      process.stdout.write(
        `✗ ${lab}, step ${step}, expects other rules of a newer engine, and nothing says what changed\n`,
      )
      process.stdout.write(
        patch(sides)
          .map(line => `  ${line}\n`)
          .join(''),
      )
    }
    process.stdout.write('mend  say it in the step: changed: [{ since, of, says }]\n')
    return 1
  }
  const headers = labs.map(({ header }) => header)
  const after = makeLedger(documents, headers, runs, before)
  const found = changes(before, after)
  const fresh = found.filter(({ isNew }) => isNew)
  const changed = found.filter(({ isNew }) => !isNew)
  process.stdout.write(`${newInWords(fresh, before)}${changed.map(inWords).join('')}`)
  if (update) {
    const all = await Promise.all(headers.map(async ({ name }) => evidenceOf(name, runs, await readEvidence(name))))
    const evidence = all.filter(({ steps }) => steps.length > 0)
    await writeLedger(after, ledgerPage(after, documents, evidence), evidence)
  }
  const judged = after.claims.filter(({ cells, untestable }) => cells.length > 0 || untestable !== null).length
  const sum = `${judged} of ${count(after.claims.length, 'claim')} judged; ${count(changed.length, 'verdict')} changed, ${fresh.length} new`
  process.stdout.write(`${sum}${update ? ', the ledger is written' : ''}\n`)
  if (changed.length === 0 || update) return 0
  process.stdout.write('mend  look at each; what is right is accepted with --update\n')
  return 1
}

function inWords({ id, engine, backend, before, after }: Change): string {
  const proofs = (after ?? before)?.proofs.map(({ lab, step, title }) => `  by ${lab}, step ${step}: ${title}\n`) ?? []
  return `${id} on ${engine} ${backend}\n  was ${said(before)}\n  is  ${said(after)}\n${proofs.join('')}`
}

/** A line for each verdict that is new; one for all of an engine and a backend that the ledger has not known at all. */
function newInWords(fresh: readonly Change[], before: Ledger | undefined): string {
  const known = new Set(before?.claims.flatMap(({ cells }) => cells.map(placeOf)))
  return [...Map.groupBy(fresh, placeOf)]
    .flatMap(([place, its]) =>
      known.has(place)
        ? its.map(({ id, after }) => `${id} on ${place} is new: ${said(after)}\n`)
        : [`${place} is new: ${count(its.length, 'verdict')}\n`],
    )
    .join('')
}

function placeOf({ engine, backend }: Pick<LedgerCell, 'engine' | 'backend'>): string {
  return `${engine} ${backend}`
}
