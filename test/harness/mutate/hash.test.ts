import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { stepHashes } from '../../../harness/mutate/hash.ts'
import { loadLab } from '../../../harness/run/registry.ts'

const harness = pathToFileURL(join(import.meta.dirname, '../../../harness/index.ts')).href

/** A lab's file of three steps. */
const lines = [
  `import { lab } from '${harness}'`,
  'const greeting: string = "hello"',
  'export default lab(',
  '  { title: "A greeting", document: null, topology: "", engine: false },',
  '  ({ $, step }) => {',
  '    const greet = async () => greeting + "!"',
  '    step("one", async () => void (await greet()))',
  '    step("two", async () => void (await $`true`))',
  '    step("three", async () => void (await $`true`))',
  '  },',
  ')',
]

describe('what decides what a lab does', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp('/tmp/vethlab-test-')
  })
  after(() => rm(folder, { recursive: true }))

  let nth = 0
  const hashes = async (line = '', other = '') => {
    const path = join(folder, `lab${nth++}.ts`)
    await writeFile(path, lines.map(one => one.replace(line, () => other)).join('\n'))
    return await stepHashes(await loadLab(path, 'lab'))
  }
  /** Which steps a change leaves as they were. */
  const same = async (line: string, other: string) => {
    const [before, after] = [await hashes(), await hashes(line, other)]
    return before.map((hash, i) => hash === after[i])
  }

  it('is the same up to the step that is changed', async () => {
    expect(new Set(await hashes())).to.have.property('size', 3)
    expect(
      await same('"three", async () => void (await $`true`', '"three", async () => void (await $`false`'),
    ).to.deep.equal([true, true, false])
    expect(await same('await greet()', 'await greet')).to.deep.equal([false, false, false])
  })

  it('is what stands between the steps and outside the lab, and what machines it asks for', async () => {
    const all = [false, false, false]
    expect(await same('"hello"', '"good-bye"')).to.deep.equal(all)
    expect(await same('"!"', '"?"')).to.deep.equal(all)
    expect(await same('engine: false', 'engine: true')).to.deep.equal(all)
    expect(await same('engine: false', 'engine: false, leaves: [{ difference: /a/, because: "" }]')).to.deep.equal(all)
  })

  it('is not what the lab says of itself, nor what it says that nothing can see', async () => {
    const all = [true, true, true]
    expect(await same('A greeting', 'Another greeting')).to.deep.equal(all)
    expect(await same('engine: false', 'engine: false, unseen: [{ mutation: /a/, because: "" }]')).to.deep.equal(all)
  })
})
