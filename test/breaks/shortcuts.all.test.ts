import { expect } from 'chai'
import { stepHashes } from '../../harness/mutate/hash.ts'
import { labNamed } from './break.ts'
import { outcomeOf } from './outcome.ts'
import { along, isOf, readShortcuts } from './shortcut.ts'

/*
 * What makes a shortcut honest: undisturbed its steps pass, so it is the break that turns one red. They passed when the shortcut was found;
 * here they must with the harness as it is.
 */
describe('the shortcuts that are written down', function () {
  this.timeout(60 * 60_000)
  before(function () {
    if (process.getuid?.() !== 0) this.skip()
  })

  it('are ways through their labs: undisturbed, each passes', async () => {
    for (const [name, shortcuts] of Object.entries(await readShortcuts())) {
      const lab = await labNamed(name)
      const hashes = await stepHashes(lab)
      const valid = Object.values(shortcuts).filter(shortcut => isOf(shortcut, { hashes, needed: [] }))
      const different = Map.groupBy(valid, ({ steps }) => steps.join())
      for (const [steps, alike] of different) {
        const tookMs = Math.max(...alike.map(({ tookMs }) => tookMs))
        // That nothing is left behind is said of those only that are cleaned up, and of the whole lab.
        const { failure } = await outcomeOf(lab, along({ steps: steps.split(',').map(Number), tookMs }, { step: '' }))
        expect(failure?.message, `${name}, steps ${steps}`).to.equal(undefined)
      }
    }
  })
})
