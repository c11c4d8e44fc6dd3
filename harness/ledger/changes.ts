import { isSame, type Ledger, type LedgerCell } from './ledger.ts'

/** A verdict that is another than it was; undefined where there was none, or is none any more. */
export interface Change {
  id: string
  engine: string
  backend: string
  before: LedgerCell | undefined
  after: LedgerCell | undefined
}

/** The verdicts that differ between two ledgers, and those whose reason does; when and where they were proved is no difference. */
export function changes(before: Ledger | undefined, after: Ledger): Change[] {
  const known = new Map(before?.claims.map(claim => [claim.id, claim]))
  return after.claims.flatMap(({ id, cells }) => {
    const old = known.get(id)?.cells ?? []
    const places = [...cells, ...old.filter(one => !cells.some(cell => isSame(cell, one)))]
    return places.flatMap(({ engine, backend }) => {
      const [was, is] = [old, cells].map(those => those.find(cell => isSame(cell, { engine, backend })))
      return said(was) === said(is) ? [] : [{ id, engine, backend, before: was, after: is }]
    })
  })
}

/** A cell's verdict and its reasons, in words. */
export function said(cell: LedgerCell | undefined): string {
  if (!cell) return 'not judged'
  const reasons = [...new Set(cell.proofs.flatMap(({ because }) => because ?? []))]
  return reasons.length > 0 ? `${cell.verdict}: ${reasons.join('; ')}` : cell.verdict
}
