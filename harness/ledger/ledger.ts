import type { Document, DocumentedClaim } from '../claims/documents.ts'
import { appliesTo, gravest, type Judgement, type Verdict } from '../claims/verdict.ts'
import type { LabHeader, MachineFacts } from '../events.ts'
import type { JsonLab, JsonReport } from '../reporters/json-report.ts'

/** What the documents say, and what runs have proved of it: one verdict for each claim, engine and iptables backend. */
export interface Ledger {
  schema: 'vethlab-ledger/1'
  claims: LedgerClaim[]
}

export interface LedgerClaim extends DocumentedClaim {
  document: string
  /** One for each engine and backend on which a run has judged it, oldest engine first. */
  cells: LedgerCell[]
  /** Why no lab can test it; null where one does. */
  untestable: string | null
}

export interface LedgerCell {
  /** The engine's version, its first two numbers: `26.1`. */
  engine: string
  /** `nft` or `legacy`. */
  backend: string
  /** The gravest of its proofs'. */
  verdict: Verdict
  proofs: LedgerProof[]
  /** The last run that proved all of it. */
  proved: {
    /** The day, `2026-03-01`. */
    on: string
    provider: string
    suite: string | null
    engine: string
    iptables: string
    kernel: string
  }
}

/** A step that proves a part of a claim, and what it proves. */
export interface LedgerProof extends Pick<Judgement, 'verdict' | 'because'> {
  lab: string
  step: number
  title: string
}

/** A lab's run on one machine, as the ledger needs it. */
export interface ProvenRun {
  lab: JsonLab
  facts: MachineFacts
  cell: Pick<LedgerCell, 'engine' | 'backend'>
  on: string
}

/** The runs of these reports that passed and whose machine had an engine's package, by which the ledger's cells are told. */
export function provenRuns(reports: readonly JsonReport[]): ProvenRun[] {
  return reports.flatMap(({ endedAt, labs }) =>
    labs.flatMap(lab => {
      const facts = lab.machine
      const engine = /^\d+\.\d+/.exec(facts?.engine ?? '')?.[0]
      if (lab.status !== 'passed' || !facts || engine === undefined) return []
      const cell = { engine, backend: facts.iptablesBackend ?? 'nft' }
      return [{ lab, facts, cell, on: (endedAt ?? '').slice(0, 10) }]
    }),
  )
}

/** The ledger that these runs make; what none of them judged stays as it was `before`. */
export function makeLedger(
  documents: readonly Document[],
  labs: readonly LabHeader[],
  runs: readonly ProvenRun[],
  before: Ledger | undefined,
): Ledger {
  const known = new Map(before?.claims.map(claim => [claim.id, claim]))
  const untested = new Map(labs.flatMap(({ untestable }) => untestable.map(({ id, because }) => [id, because])))
  const claims = documents.flatMap(({ document, claims }) =>
    claims.map((claim): LedgerClaim => {
      const made = cellsOf(claim.id, runs)
      const kept = (known.get(claim.id)?.cells ?? []).filter(old => !made.some(cell => isSame(cell, old)))
      const cells = [...made, ...kept].toSorted(inOrder)
      return { ...claim, document, cells, untestable: cells.length > 0 ? null : (untested.get(claim.id) ?? null) }
    }),
  )
  return { schema: 'vethlab-ledger/1', claims }
}

function cellsOf(id: string, runs: readonly ProvenRun[]): LedgerCell[] {
  const byCell = Map.groupBy(runs, ({ cell }) => `${cell.engine} ${cell.backend}`)
  return [...byCell.values()].flatMap(its => {
    const proofs = its.flatMap(({ lab, facts }) => proofsIn(id, lab, facts))
    const distinct = [...new Map(proofs.map(proof => [JSON.stringify(proof), proof])).values()]
    const verdict = gravest(distinct.map(({ verdict, because }) => ({ id, verdict, because, on: {} })))
    const last = its.filter(({ lab, facts }) => proofsIn(id, lab, facts).length > 0).at(-1)
    if (!verdict || !last) return []
    const { provider, suite, engine, iptables, kernel } = last.facts
    return [
      {
        ...last.cell,
        verdict,
        proofs: distinct,
        proved: { on: last.on, provider, suite, engine: engine ?? '', iptables, kernel },
      },
    ]
  })
}

/** What a run proved of a claim: in steps that passed, with an expectation that held. */
function proofsIn(id: string, lab: JsonLab, facts: MachineFacts): LedgerProof[] {
  return lab.steps.flatMap(({ number, title, status, judgements, expectations }) => {
    if (status !== 'passed' || !expectations.some(one => one.status === 'passed')) return []
    return judgements
      .filter(one => one.id === id && appliesTo(one, { engine: facts.engine, backend: facts.iptablesBackend }))
      .map(({ verdict, because }) => ({ lab: lab.name, step: number, title, verdict, because }))
  })
}

export function isSame(
  one: Pick<LedgerCell, 'engine' | 'backend'>,
  other: Pick<LedgerCell, 'engine' | 'backend'>,
): boolean {
  return one.engine === other.engine && one.backend === other.backend
}

function inOrder(one: LedgerCell, other: LedgerCell): number {
  const byNumber = one.engine.localeCompare(other.engine, 'en', { numeric: true })
  return byNumber || other.backend.localeCompare(one.backend)
}
