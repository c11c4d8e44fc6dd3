import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const top = fileURLToPath(new URL('../..', import.meta.url))
const namesOf = (pattern: string, ending: string) =>
  globSync(pattern, { cwd: top })
    .map(path => basename(path, ending))
    .toSorted()

describe('test/labs', () => {
  it('has a file for each lab, and for nothing else', () => {
    const tests = namesOf('test/labs/*.test.ts', '.test.ts').filter(name => !/\.(all|check)$/.test(name))
    expect(tests).to.deep.equal(namesOf('labs/*.ts', '.ts'))
  })
})
