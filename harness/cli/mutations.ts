import { HostError } from '../../vm/errors.ts'
import { requireAllShards } from '../merge/all-shards.ts'
import { committedMutations, writeMutations } from '../mutate/files.ts'
import { hashOf } from '../mutate/hash.ts'
import { mergeMutations } from '../mutate/merge.ts'
import { readMutations } from '../mutate/read.ts'
import { idleExplanations, type LabMutations, scoreOf } from '../mutate/report.ts'
import { mutationsInWords } from '../mutate/words.ts'
import { findLabs } from '../run/registry.ts'

/** What a catalogue's proofs must notice of all that could be broken. */
const leastScore = 0.98

/**
 * Sums up what breaking labs came to, out of the reports of runs or, without any, out of what is written down of all labs. With
 * `update` that is brought up to date with the reports. 0 when at least 98 % were killed and the labs explain the rest; 1 when not, or
 * when a lab was never tried as it is by now.
 */
export async function mutations(paths: readonly string[], { update }: { update: boolean }): Promise<number> {
  if (paths.length === 0) {
    if (update) throw new HostError('--update needs the reports of runs', { mend: '--mutate --reporter json=FILE' })
    return await committed()
  }
  const reports = await Promise.all(paths.map(async path => ({ path, ...(await readMutations(path)) })))
  const sharded = reports.filter(({ shard }) => shard)
  if (sharded.length > 0) requireAllShards(sharded)
  const labs = inOrder(mergeMutations(reports))
  process.stdout.write(mutationsInWords(labs))
  const part = labs.find(({ found, mutations }) => mutations.length < found)
  if (part) {
    throw new HostError(
      `of ${part.lab} only ${part.mutations.length} of ${part.found} mutations are in these reports`,
      { mend: 'go on where the run was cut off: --resume FILE' },
    )
  }
  if (update) {
    const [on = ''] = reports
      .map(report => report.on)
      .toSorted()
      .toReversed()
    const names = (await findLabs()).map(({ name }) => name)
    await writeMutations([{ schema: 'vethlab-mutations/2', on, labs }], names)
  }
  return suffices(labs) ? 0 : 1
}

async function committed(): Promise<number> {
  const labs = inOrder((await committedMutations()).flatMap(({ labs }) => labs))
  process.stdout.write(mutationsInWords(labs))
  const files = await findLabs()
  const stale = await Promise.all(
    files.map(async file => {
      const tried = labs.find(({ lab }) => lab === file.name)
      if (!tried) return `${file.name}: never tried\n`
      return tried.sha256 === (await hashOf(file)) ? '' : `${file.name}: changed since it was tried\n`
    }),
  )
  process.stdout.write(stale.join(''))
  return suffices(labs) && stale.every(line => line === '') ? 0 : 1
}

function inOrder(labs: readonly LabMutations[]): LabMutations[] {
  return labs.toSorted((one, other) => (one.lab < other.lab ? -1 : 1))
}

function suffices(labs: readonly LabMutations[]): boolean {
  const { score, unexplained, untried } = scoreOf(labs.flatMap(({ mutations }) => mutations))
  const explained = unexplained === 0 && labs.every(made => idleExplanations(made).length === 0)
  return score >= leastScore && explained && untried === 0
}
