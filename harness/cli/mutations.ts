import { HostError } from '../../vm/errors.ts'
import { writeMutations } from '../mutate/files.ts'
import { mergeMutations } from '../mutate/merge.ts'
import { mutationsPage } from '../mutate/page.ts'
import { idleExplanations, scoreOf } from '../mutate/report.ts'
import { mutationsInWords } from '../mutate/words.ts'
import { readMutations } from './read-mutations.ts'

/** What a catalogue's proofs must notice of all that could be broken. */
const leastScore = 0.98

/**
 * Sums up what breaking labs came to, out of the reports of shards. With `update` the page and the data are written. 0 when at least
 * 98 % were killed and the labs explain the rest; 1 when not.
 */
export async function mutations(paths: readonly string[], { update }: { update: boolean }): Promise<number> {
  const reports = await Promise.all(paths.map(readMutations))
  const labs = mergeMutations(reports).toSorted((one, other) => (one.lab < other.lab ? -1 : 1))
  process.stdout.write(mutationsInWords(labs))
  const part = labs.find(({ found, mutations }) => mutations.length < found)
  if (part) {
    throw new HostError(
      `of ${part.lab} only ${part.mutations.length} of ${part.found} mutations are in these reports`,
      {
        mend: 'name the reports of all shards',
      },
    )
  }
  if (update) {
    const on = reports.map(report => report.on).toSorted()
    await writeMutations(labs, mutationsPage(labs, on.at(-1) ?? ''))
  }
  const score = scoreOf(labs.flatMap(({ mutations }) => mutations))
  const explained = score.unexplained === 0 && labs.every(made => idleExplanations(made).length === 0)
  return score.score >= leastScore && explained && score.untried === 0 ? 0 : 1
}
