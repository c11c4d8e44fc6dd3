import { HostError } from '../../vm/errors.ts'
import type { Shard } from '../events.ts'

/** What a shard of a run has written; a whole run has no shard. */
interface Part {
  path: string
  shard?: Shard | undefined
}

/** @throws HostError unless these are all the parts of one run, each once */
export function requireAllShards(parts: readonly Part[]): void {
  const of = parts[0]?.shard?.of ?? 1
  const stranger = parts.find(({ shard }) => (shard?.of ?? 1) !== of)
  if (stranger) {
    throw new HostError(`${stranger.path} is of another run than ${parts[0]?.path}`, {
      mend: 'merge the shards of one run',
    })
  }
  for (let index = 1; index <= of; index++) {
    const [one, other] = parts.filter(({ shard }) => (shard?.index ?? 1) === index)
    if (!one) {
      throw new HostError(`shard ${index} of ${of} is missing`, {
        mend: `find what it has written, or run it: --shard ${index}/${of}`,
      })
    }
    if (other) {
      throw new HostError(`shard ${index} of ${of} is there twice: ${one.path}, ${other.path}`, {
        mend: 'leave one out',
      })
    }
  }
}
