import type { LabFile } from '../../harness/run/registry.ts'
import { type Break, labNamed } from './break.ts'
import { testBreaks } from './noticed.ts'
import { testRecorded } from './on-record.ts'
import type { Recorded } from './recorded.ts'
import { testUndisturbed } from './undisturbed.ts'

/** How long a test may take here, in ms: what hangs is ended by the lab's own limits. */
const limitMs = 15 * 60_000

/** The breaks of the labs that were tested, for whoever wants no test but them. */
export const tested = new Map<string, Break[]>()

/** Tests a lab of the project: it holds undisturbed, and each break is noticed at the right step. One after the other: files go on side by side. */
export function testLab(name: string, all: readonly (Break | Recorded)[]): void {
  const breaks = all.filter(one => 'from' in one)
  const recorded = all.filter(one => 'mutation' in one)
  tested.set(name, breaks)

  describe(`lab ${name}`, function () {
    this.timeout(limitMs)
    let lab: LabFile
    before(async function () {
      if (process.getuid?.() !== 0) this.skip()
      lab = await labNamed(name)
    })

    testUndisturbed(() => lab)
    testRecorded(() => lab, recorded)
    testBreaks(() => lab, breaks)
  })
}
