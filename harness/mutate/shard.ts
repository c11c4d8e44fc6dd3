import type { Shard } from '../events.ts'
import { readDurations, usually } from '../run/durations.ts'
import type { LabFile } from '../run/registry.ts'
import { shareOf } from '../run/shares.ts'
import { committedMutations } from './files.ts'

/**
 * The labs that a shard breaks: each in every way that there is, as a lab must first be run undisturbed to learn them. The shards take
 * about as long, by what was written down of each lab.
 */
export async function labsOfShard(labs: readonly LabFile[], shard: Shard): Promise<LabFile[]> {
  const [durations, committed] = await Promise.all([readDurations(), committedMutations()])
  const found = new Map(committed.flatMap(({ labs }) => labs.map(({ lab, found }) => [lab, found])))
  const counts = [...found.values()].toSorted((one, other) => one - other)
  const usual = counts[Math.floor(counts.length / 2)] ?? 1
  return shareOf(labs, shard, {
    key: ({ name }) => name,
    takes: ({ name }) => (found.get(name) ?? usual) * usually(durations, name, 'sandbox'),
  })
}
