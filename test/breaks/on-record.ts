import { expect } from 'chai'
import { committedMutationsOf } from '../../harness/mutate/files.ts'
import { stepHashes } from '../../harness/mutate/hash.ts'
import { mutate } from '../../harness/mutate/mutate.ts'
import type { LabMutations } from '../../harness/mutate/report.ts'
import type { LabFile } from '../../harness/run/registry.ts'
import { inEarnest } from '../tier.ts'
import { cell } from './outcome.ts'
import { type Recorded, verdictOn } from './recorded.ts'

/** Tests that mutations were noticed at the right step: by what is on record, or in machines where that is of another text of the lab. */
export function testRecorded(loaded: () => LabFile, recorded: readonly Recorded[]): void {
  let tried: Promise<LabMutations | undefined> | undefined
  for (const one of recorded) {
    it(`${one.change}: "${one.step}" fails`, async function () {
      const lab = loaded()
      const now = { titles: lab.header.steps.map(({ title }) => title), hashes: await stepHashes(lab) }
      let verdict = verdictOn(one, inEarnest ? undefined : await committedMutationsOf(lab.name), now)
      if (verdict.kind === 'silent') {
        tried ??= tryOut(lab, recorded)
        // Undefined where this host's machines lack what the lab needs.
        const made = await tried
        if (!made) this.skip()
        verdict = verdictOn(one, made, now)
      }
      expect(verdict).to.deep.equal({ kind: 'noticed' })
    })
  }
}

/** Tries these mutations of a lab, one after the other. */
async function tryOut(lab: LabFile, wanted: readonly Recorded[]): Promise<LabMutations | undefined> {
  const [made] = await mutate({
    labs: [lab],
    cell,
    jobs: 1,
    wanted: (_, { id, change }) => wanted.some(one => one.mutation === id && one.change === change),
    resumed: [],
    report: () => {},
    onDiscovered: () => {},
    onTried: () => {},
    onSkipped: () => {},
    signal: new AbortController().signal,
  })
  return made
}
