import type { Document } from '../claims/documents.ts'
import { type Verdict, verdicts } from '../claims/verdict.ts'
import { table } from '../reporters/markdown.ts'
import { count } from '../reporters/words.ts'
import { said } from './changes.ts'
import type { Ledger, LedgerCell, LedgerClaim } from './ledger.ts'

/** The ledger for people, in Markdown: sums, what changed from engine to engine, each claim with its verdict and its proof. */
export function ledgerPage({ claims }: Ledger, documents: readonly Document[]): string {
  const places = placesOf(claims)
  const parts = [
    '<!-- Made by `npm run lab ledger` of runs: change a lab instead. -->',
    '# The ledger',
    `What ${count(documents.length, 'document')} on Docker networking say, and whether it is true: ${count(claims.length, 'claim')}, each judged by a lab that was run. A claim` +
      ' **holds** as it is put, **differs** (true in essence, what is different is said), is **false** (what is true instead is said), or is **untestable** here.' +
      ' `npm run lab why S000-20` tells one claim’s whole story, with the evidence.',
    ...(places.length > 0 ? [`Proved last: ${lastProofs(claims)}.`] : []),
    '## Sums',
    sums(claims, documents),
    '## From engine to engine',
    fromEngineToEngine(claims, places),
    ...documents.flatMap(({ document, about }) => [
      `## ${document}`,
      about,
      claimTable(
        claims.filter(claim => claim.document === document),
        places,
      ),
    ]),
  ]
  return `${parts.join('\n\n')}\n`
}

type Place = Pick<LedgerCell, 'engine' | 'backend'>

function placesOf(claims: readonly LedgerClaim[]): Place[] {
  const all = new Map(
    claims.flatMap(({ cells }) => cells.map(({ engine, backend }) => [`${engine} ${backend}`, { engine, backend }])),
  )
  return [...all.values()].toSorted((one, other) => one.engine.localeCompare(other.engine, 'en', { numeric: true }))
}

function cellAt({ cells }: LedgerClaim, { engine, backend }: Place): LedgerCell | undefined {
  return cells.find(cell => cell.engine === engine && cell.backend === backend)
}

function title({ engine, backend }: Place): string {
  return backend === 'nft' ? engine : `${engine} ${backend}`
}

function lastProofs(claims: readonly LedgerClaim[]): string {
  const proofs = claims.flatMap(({ cells }) => cells.map(({ proved }) => proved))
  const byEngine = Map.groupBy(proofs, ({ engine }) => engine)
  return [...byEngine]
    .toSorted(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
    .map(
      ([engine, its]) =>
        `Docker ${engine} on ${its
          .map(({ on }) => on)
          .toSorted()
          .at(-1)}`,
    )
    .join(', ')
}

/** A claim that fails on one engine is counted as what it is on the newest. */
function verdictOf(claim: LedgerClaim): Verdict | undefined {
  return claim.cells.at(-1)?.verdict ?? (claim.untestable === null ? undefined : 'untestable')
}

function sums(claims: readonly LedgerClaim[], documents: readonly Document[]): string {
  const row = (name: string, its: readonly LedgerClaim[]) => {
    const numbers = [...verdicts, undefined].map(verdict => its.filter(claim => verdictOf(claim) === verdict).length)
    return [name, ...numbers.map(String), String(its.length)]
  }
  const rows = documents.map(({ document }) =>
    row(
      document,
      claims.filter(claim => claim.document === document),
    ),
  )
  return table(['on the newest engine', ...verdicts, 'not judged', 'claims'], [...rows, row('all', claims)])
}

function fromEngineToEngine(claims: readonly LedgerClaim[], places: readonly Place[]): string {
  const changed = claims.filter(({ cells }) => new Set(cells.map(said)).size > 1)
  if (changed.length === 0) return 'No verdict depends on the engine.'
  const rows = changed.map(claim => [claim.id, claim.says, ...places.map(place => said(cellAt(claim, place)))])
  return table(['claim', 'the document', ...places.map(title)], rows)
}

function claimTable(claims: readonly LedgerClaim[], places: readonly Place[]): string {
  const rows = claims.map(claim => {
    const reasons = new Set(claim.cells.flatMap(({ proofs }) => proofs.flatMap(({ because }) => because ?? [])))
    const proofs = new Set(
      claim.cells.flatMap(({ proofs }) => proofs.map(({ lab, step }) => `[${lab}](labs/${lab}.md) ${step}`)),
    )
    const verdict = (place: Place) => cellAt(claim, place)?.verdict ?? (claim.untestable === null ? '' : 'untestable')
    return [
      claim.id,
      claim.says,
      ...places.map(verdict),
      claim.untestable ?? [...reasons].join('; '),
      [...proofs].join(', '),
    ]
  })
  return table(['claim', 'the document', ...places.map(title), 'because', 'proved by'], rows)
}
