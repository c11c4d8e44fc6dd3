import { HostError } from '../../vm/errors.ts'
import type { LabEvent } from '../events.ts'
import { readBlob } from '../merge/blob.ts'
import { endedRuns } from '../merge/merge.ts'
import { cellInWords } from '../reporters/words.ts'
import type { CellMeant } from './cells.ts'

/**
 * What an interrupted run's blob tells of the labs' runs that came to their end. @throws HostError where it is no blob, or of a run in other
 * kinds of machine than these: what held there would be told of these
 */
export async function resumedFrom(path: string, cells: readonly CellMeant[]): Promise<Map<string, LabEvent[]>> {
  const blob = await readBlob(path)
  const { provider } = blob.started
  const chosen = provider === null ? {} : { provider }
  const had = blob.started.cells.map(cell => cellInWords({ ...chosen, ...cell })).join(', ')
  // What auto would choose is not known yet.
  const has = cells
    .map(({ on, ...kind }) =>
      cellInWords({ ...kind, ...(on === 'auto' ? chosen : { provider: on.replace(/:.*/, '') }) }),
    )
    .join(', ')
  if (had === has) return endedRuns(blob)
  throw new HostError(`${path} is of a run in ${had}, and this one is in ${has}`, {
    mend: 'name the same: --on, --suite, --backend, --matrix',
  })
}
