import { HostError } from '../../vm/errors.ts'
import type { LabMutations, MutationReport, Tried } from './report.ts'

/**
 * The labs of several reports, as one run would have told them: the mutations of a lab that is in several are put together.
 * @throws HostError where a mutation is in two reports of the same machine
 */
export function mergeMutations(reports: readonly MutationReport[]): LabMutations[] {
  const labs = Map.groupBy(
    reports.flatMap(({ labs }) => labs),
    ({ lab }) => lab,
  )
  return [...labs.values()].flatMap(parts => {
    const [first] = parts
    if (!first) return []
    const mutations = parts.flatMap(part => part.mutations)
    const twice = mutations.find(({ id }, i) => mutations.findIndex(other => other.id === id) !== i)
    if (twice) {
      throw new HostError(`${first.lab} ${twice.id} is in two of these reports`, {
        mend: 'name each report once, and those of one run only',
      })
    }
    return [{ ...first, mutations: mutations.toSorted(inOrder) }]
  })
}

function inOrder(one: Tried, other: Tried): number {
  const place = ({ at }: Tried) => (at ? at.step * 10_000 + at.command : 0)
  return place(one) - place(other)
}
