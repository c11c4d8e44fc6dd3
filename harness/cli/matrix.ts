import { readDurations, usually } from '../run/durations.ts'
import type { LabFile } from '../run/registry.ts'
import type { CellMeant } from './cells.ts'

/** How long one job of a CI system should take at most, in ms, of labs that run one after another on a machine at full speed. */
const jobMs = 10 * 60_000

/**
 * A job matrix for GitHub Actions, `{ "include": [{ "shard": "1/4" }, …] }`: as many shards as it takes for each to last about ten
 * minutes, by what is recorded of the labs; or so many.
 */
export async function jobMatrix(
  labs: readonly LabFile[],
  cells: readonly CellMeant[],
  shards?: number,
): Promise<{ include: { shard: string }[] }> {
  const durations = await readDurations()
  const total = cells
    .flatMap(({ on }) => labs.map(({ header: { name } }) => usually(durations, name, on)))
    .reduce((sum, ms) => sum + ms, 0)
  const number = shards ?? Math.max(1, Math.ceil(total / jobMs))
  return { include: Array.from({ length: number }, (_, i) => ({ shard: `${i + 1}/${number}` })) }
}
