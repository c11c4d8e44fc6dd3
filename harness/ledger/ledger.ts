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
  /** The last run that proved some of it. */
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

/** The ledger that these runs make; what none of them came to judge, step by step, stays as it was `before`. */
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
      const cells = cellsOf(claim.id, runs, known.get(claim.id)?.cells ?? []).toSorted(inOrder)
      return { ...claim, document, cells, untestable: cells.length > 0 ? null : (untested.get(claim.id) ?? null) }
    }),
  )
  return { schema: 'vethlab-ledger/1', claims }
}

function cellsOf(id: string, runs: readonly ProvenRun[], before: readonly LedgerCell[]): LedgerCell[] {
  const places = [...runs.map(({ cell }) => cell), ...before.map(({ engine, backend }) => ({ engine, backend }))]
  const distinct = new Map(places.map(place => [`${place.engine} ${place.backend}`, place]))
  return [...distinct.values()].flatMap(place => {
    const its = runs.filter(({ cell }) => isSame(cell, place))
    const old = before.find(cell => isSame(cell, place))
    const made = its.flatMap(({ lab, facts }) => proofsIn(id, lab, facts))
    const missed = old?.proofs.filter(proof => !its.some(({ lab }) => cameTo(proof, lab))) ?? []
    const kept = missed.map(proof => ({ ...proof, step: numberOf(proof, runs) ?? proof.step }))
    const proofs = [...new Map([...made, ...kept].map(proof => [JSON.stringify(proof), proof])).values()]
    const verdict = verdictOf(proofs)
    const last = its.findLast(({ lab, facts }) => proofsIn(id, lab, facts).length > 0)
    const proved = last ? provedBy(last) : old?.proved
    return verdict && proved ? [{ ...place, verdict, proofs: proofs.toSorted(byStep), proved }] : []
  })
}

/** The verdict on a claim that these prove together. */
export function verdictOf(proofs: readonly LedgerProof[]): Verdict | undefined {
  return gravest(proofs.map(({ verdict, because }) => ({ id: '', verdict, because, on: {} })))
}

/** Whether a run was in a position to prove this again: it did the step, or the lab has no such step any more. */
function cameTo({ lab, title }: LedgerProof, run: JsonLab): boolean {
  return lab === run.name && run.steps.find(step => step.title === title)?.status !== 'skipped'
}

/** The number that a step has by now; undefined where none of these runs knows it. */
function numberOf({ lab, title }: LedgerProof, runs: readonly ProvenRun[]): number | undefined {
  return runs.find(run => run.lab.name === lab)?.lab.steps.find(step => step.title === title)?.number
}

function provedBy({ on, facts: { provider, suite, engine, iptables, kernel } }: ProvenRun): LedgerCell['proved'] {
  return { on, provider, suite, engine: engine ?? '', iptables, kernel }
}

function byStep(one: LedgerProof, other: LedgerProof): number {
  return one.lab.localeCompare(other.lab) || one.step - other.step
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
