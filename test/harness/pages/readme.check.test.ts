import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { readmeOf } from '../../../harness/cli/docs.ts'
import { findLabs } from '../../../harness/run/registry.ts'

describe('README.md', () => {
  it('has the catalogue of the labs that are there', async () => {
    const there = await readFile(new URL('../../../README.md', import.meta.url), 'utf8')
    expect(await readmeOf((await findLabs()).map(({ header }) => header)), 'npm run lab docs report.json').to.equal(
      there,
    )
  })
})
