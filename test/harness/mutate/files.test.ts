import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { committedMutations } from '../../../harness/mutate/files.ts'
import { mutationsPage } from '../../../harness/mutate/page.ts'
import { findLabs } from '../../../harness/run/registry.ts'

describe('the mutations that are written down', () => {
  it('are what the page says of them', async () => {
    const page = readFileSync(new URL('../../../docs/MUTATIONS.md', import.meta.url), 'utf8')
    expect(mutationsPage(await committedMutations())).to.equal(page)
  })

  it('are of labs that there are, each tried whole', async () => {
    const known = (await findLabs()).map(({ name }) => name)
    for (const { labs } of await committedMutations()) {
      for (const { lab, found, mutations } of labs) {
        expect(known).to.include(lab)
        expect(mutations, lab).to.have.length(found)
      }
    }
  })
})
