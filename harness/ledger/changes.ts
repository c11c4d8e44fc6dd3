import { isSame, type Ledger, type LedgerCell, type LedgerProof, verdictOf } from './ledger.ts'

/** A verdict that is another than it was; `before` is undefined where there was none, `after` where there is none any more. */
export interface Change {
  id: string
  engine: string
  backend: string
  before: LedgerCell | undefined
  after: LedgerCell | undefined
  /** Nothing of what was known is otherwise: it has been judged where it was not, or by a step that could not be done there. */
  isNew: boolean
}

/** The verdicts that differ between two ledgers, and those whose reason does; when and where they were proved is no difference. */
export function changes(before: Ledger | undefined, after: Ledger): Change[] {
  const known = new Map(before?.claims.map(claim => [claim.id, claim]))
  return after.claims.flatMap(({ id, cells }) => {
    const old = known.get(id)?.cells ?? []
    const places = [...cells, ...old.filter(one => !cells.some(cell => isSame(cell, one)))]
    return places.flatMap(({ engine, backend }) => {
      const [was, is] = [old, cells].map(those => those.find(cell => isSame(cell, { engine, backend })))
      if (said(was) === said(is)) return []
      const isNew = !was || (is !== undefined && said(was) === said(withoutNew(is, was, old)))
      return [{ id, engine, backend, before: was, after: is, isNew }]
    })
  })
}

/** A cell without what was proved here for the first time by steps that had proved something of the claim elsewhere. */
function withoutNew(is: LedgerCell, was: LedgerCell, old: readonly LedgerCell[]): LedgerCell {
  const isIn = ({ proofs }: LedgerCell, one: LedgerProof) =>
    proofs.some(({ lab, title }) => lab === one.lab && title === one.title)
  const proofs = is.proofs.filter(proof => isIn(was, proof) || !old.some(cell => isIn(cell, proof)))
  return { ...is, proofs, verdict: verdictOf(proofs) ?? is.verdict }
}

/** A cell's verdict and its reasons, in words. */
export function said(cell: LedgerCell | undefined): string {
  if (!cell) return 'not judged'
  const reasons = [...new Set(cell.proofs.flatMap(({ because }) => because ?? []))]
  return reasons.length > 0 ? `${cell.verdict}: ${reasons.join('; ')}` : cell.verdict
}
