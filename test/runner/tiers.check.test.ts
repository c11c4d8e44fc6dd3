import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { testFiles, tierOf, top } from './tiers.ts'

/** `npm run test:vagrant` runs it, in a host that it makes. */
const ofVagrant = 'test/vagrant/provider.ts'

/** What calls mocha's words: it has tests, or makes them for files that call it. */
function hasTests(text: string): boolean {
  return /^(?:describe|it)\(/m.test(text)
}

describe('the tiers of the tests', () => {
  it('are told by the end of a file’s name', () => {
    expect(tierOf('test/vm/pcap.test.ts')).to.equal('test')
    expect(tierOf('test/layers.check.test.ts')).to.equal('check')
    expect(tierOf('test/labs/suites.all.test.ts')).to.equal('all')
    for (const file of ['test/x.slow.test.ts', 'test/x.ts', 'test/.test.ts', 'vm/x.test.ts', 'test/x.test.js'])
      expect(tierOf(file), file).to.equal(undefined)
  })

  it('hold every file that has tests', async () => {
    const files = globSync('test/**/*.ts', { cwd: top }).filter(file => file !== ofVagrant)
    const texts = await Promise.all(files.map(async file => ({ file, text: await readFile(join(top, file), 'utf8') })))
    const inNone = texts.filter(({ file, text }) => hasTests(text) || /\.test\.ts$/.test(file))
    expect(inNone.flatMap(({ file }) => (tierOf(file) === undefined ? [file] : []))).to.deep.equal([])
    expect(hasTests("import { a } from 'b'\n\ndescribe('a', () => {\n  it('b', () => {})\n})\n")).to.equal(true)
  })

  it('are all there', () => {
    const files = (['check', 'test', 'all'] as const).map(tier => testFiles(tier))
    for (const those of files) expect(those).not.to.deep.equal([])
    expect(testFiles('check', 'test', 'all')).to.have.length(files.flat().length)
  })
})
