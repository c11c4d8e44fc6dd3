import type { LabHeader } from '../events.ts'
import type { Document, DocumentedClaim } from './documents.ts'
import { gravest, type Judgement, type Verdict } from './verdict.ts'

/** A place in a lab that judges a claim. */
export interface Proof {
  lab: string
  /** Number and title of the step; undefined for a claim that no step can test. */
  step: { number: number; title: string } | undefined
  judgement: Judgement
}

/** A documented claim and what the labs say of it; no proof and no verdict where none does. */
export interface CoveredClaim extends DocumentedClaim {
  document: string
  verdict: Verdict | undefined
  proofs: Proof[]
}

export interface Coverage {
  claims: CoveredClaim[]
  /** Proofs of an id that no document has. */
  unknown: Proof[]
}

/** Lays what the labs prove beside what the documents say. */
export function coverageOf(documents: readonly Document[], labs: readonly LabHeader[]): Coverage {
  const proofs = labs.flatMap(proofsOf)
  const claims = documents.flatMap(({ document, claims }) =>
    claims.map((claim): CoveredClaim => {
      const own = proofs.filter(({ judgement }) => judgement.id === claim.id)
      return { ...claim, document, proofs: own, verdict: gravest(own.map(({ judgement }) => judgement)) }
    }),
  )
  const known = new Set(claims.map(({ id }) => id))
  return { claims, unknown: proofs.filter(({ judgement }) => !known.has(judgement.id)) }
}

function proofsOf({ name, steps, untestable }: LabHeader): Proof[] {
  return [
    ...steps.flatMap(({ number, title, covers }) =>
      covers.map(judgement => ({ lab: name, step: { number, title }, judgement })),
    ),
    ...untestable.map(judgement => ({ lab: name, step: undefined, judgement })),
  ]
}
