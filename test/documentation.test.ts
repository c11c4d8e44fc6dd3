import { readFile } from 'node:fs/promises'
import { expect } from 'chai'

const top = new URL('..', import.meta.url)

describe('documentation', () => {
  it('every npm script that a document names is there', async () => {
    const { scripts } = JSON.parse(await readFile(new URL('package.json', top), 'utf8'))
    for (const name of ['README.md', 'CONTRIBUTING.md']) {
      const text = await readFile(new URL(name, top), 'utf8').catch(() => '')
      const named = new Set([...text.matchAll(/\bnpm (?:run )?([a-z]+)/g)].map(([, script]) => script))
      expect([...named].filter(script => script !== 'install' && !(script ?? '' in scripts))).to.deep.equal([])
    }
  })
})
