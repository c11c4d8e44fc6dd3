import { HostError } from '../../vm/errors.ts'
import type { Shard } from '../events.ts'

/** Reads `--shard 2/4`: the second of four parts. @throws HostError for what is no such part */
export function shardMeant(text: string): Shard {
  const [, index = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number)
  if (index >= 1 && index <= of) return { index, of }
  throw new HostError(`--shard ${text} is no part of a run`, {
    mend: '--shard 1/4, 2/4, 3/4 or 4/4 for a run in four parts',
  })
}
