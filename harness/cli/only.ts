import { coverageOf } from '../claims/coverage.ts'
import { readDocuments } from '../claims/documents.ts'
import type { LabFile } from '../run/registry.ts'
import { unknownName } from './known.ts'

/**
 * The labs that judge one of these claims, named by their ids (`S002-61,S003-04`) or by their beginnings (`S002`). @throws HostError for
 * an id that no document has, or no lab judges
 */
export async function labsJudging(ids: string, labs: readonly LabFile[]): Promise<LabFile[]> {
  const { claims } = coverageOf(
    await readDocuments(),
    labs.map(({ header }) => header),
  )
  const meant = ids.split(',').flatMap(id => {
    const found = claims.filter(claim => claim.id.startsWith(id.trim().toUpperCase()))
    if (found.length === 0)
      throw unknownName(
        'claim',
        id.trim(),
        claims.map(({ id }) => id),
      )
    return found
  })
  const names = new Set(meant.flatMap(({ proofs }) => proofs.map(({ lab }) => lab)))
  return labs.filter(({ header }) => names.has(header.name))
}
