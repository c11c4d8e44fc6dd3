import { expect } from 'chai'
import { stepHashes } from '../../harness/mutate/hash.ts'
import type { LabFile } from '../../harness/run/registry.ts'
import { inEarnest } from '../tier.ts'
import { type Break, brokenLab } from './break.ts'
import { neededSteps } from './needed.ts'
import { isNoticed, type Outcome, outcomeOf, wordsOf } from './outcome.ts'
import { along, isOf, readShortcuts, type Shortcut, wholly } from './shortcut.ts'

/** Tests that each break of a lab is noticed at the right step, with the right words. */
export function testBreaks(loaded: () => LabFile, breaks: readonly Break[]): void {
  for (const one of breaks) {
    it(`${one.title}: ${one.step ? `"${one.step}" fails` : 'the lab fails'}`, async () => {
      const lab = loaded()
      const shortcut = inEarnest ? undefined : (await readShortcuts())[lab.name]?.[one.title]
      const outcome = await broken(lab, one, shortcut)
      expect(outcome.failedStep, outcome.failure?.message).to.equal(one.step)
      expect(wordsOf(outcome)).to.match(one.says)
      expect(outcome.exitCode).to.equal(1)
    })
  }
}

/**
 * Breaks a lab: in the steps that suffice, where that is known of this text, and else in all. So it is as well where it is not noticed there
 * as it must be: a shortcut may make a test quick, never red.
 */
export async function broken(lab: LabFile, one: Break, shortcut: Shortcut | undefined): Promise<Outcome> {
  await using made = await brokenLab(lab, one)
  if (shortcut && isOf(shortcut, { hashes: await stepHashes(lab), needed: neededSteps(lab, made.file, one.step) })) {
    const outcome = await outcomeOf(made.file, along(shortcut, one))
    if (isNoticed(outcome, one)) return outcome
  }
  return await outcomeOf(made.file, wholly(one))
}
