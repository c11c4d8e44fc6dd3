import type { Document } from '../claims/documents.ts'
import { type Verdict, verdicts } from '../claims/verdict.ts'
import { volatile } from '../repeat/volatile.ts'
import { table } from '../reporters/markdown.ts'
import { count } from '../reporters/words.ts'
import { fromEngineToEngine } from './between-engines.ts'
import type { Evidence } from './evidence.ts'
import type { Ledger, LedgerCell, LedgerClaim } from './ledger.ts'
import { upgradesOf } from './upgrades.ts'

/** The ledger for people, in Markdown: sums, what changed from engine to engine, each claim with its verdict and its proof. */
export function ledgerPage({ claims }: Ledger, documents: readonly Document[], evidence: readonly Evidence[]): string {
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
    ...fromEngineToEngine(claims, upgradesOf(evidence)),
    ...documents.flatMap(({ document, about }) => [
      `## ${document}`,
      about,
      claimTable(
        claims.filter(claim => claim.document === document),
        places,
      ),
    ]),
    '## What is left out',
    'From run to run some of what is seen is another thing each time, and says nothing. In the evidence a name stands in its place, so that' +
      ' what differs there does say something:',
    table(
      ['what', 'in its place'],
      volatile.map(({ name, replacement }) => [name, replacement.trim() || (replacement ? 'three spaces' : 'nothing')]),
    ),
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

function claimTable(claims: readonly LedgerClaim[], places: readonly Place[]): string {
  const rows = claims.map(claim => {
    const proofs = new Set(
      claim.cells.flatMap(({ proofs }) => proofs.map(({ lab, step }) => `[${lab}](labs/${lab}.md) ${step}`)),
    )
    const verdict = (place: Place) => cellAt(claim, place)?.verdict ?? (claim.untestable === null ? '' : 'untestable')
    return [
      claim.id,
      claim.says,
      ...places.map(verdict),
      claim.untestable ?? reasonsOf(claim).join('; '),
      [...proofs].join(', '),
    ]
  })
  return table(['claim', 'the document', ...places.map(title), 'because', 'proved by'], rows)
}

/** What is different, or true instead; with the engines where it is not so on all that were asked. */
function reasonsOf({ cells }: LedgerClaim): string[] {
  const reasons = cells.flatMap(cell =>
    cell.proofs.flatMap(({ because }) => (because === null ? [] : { because, cell })),
  )
  return [...Map.groupBy(reasons, ({ because }) => because)].map(([because, its]) => {
    const there = cells.filter(cell => its.some(one => one.cell === cell))
    return there.length === cells.length ? because : `${there.map(title).join(', ')}: ${because}`
  })
}
