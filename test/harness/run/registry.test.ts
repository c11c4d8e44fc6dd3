import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { findLabs, loadLab } from '../../../harness/run/registry.ts'
import { HostError } from '../../../vm/errors.ts'

describe('the labs', () => {
  it('of the project are found, sorted by name', async () => {
    const files = (await readdir('labs')).filter(file => file.endsWith('.ts')).map(file => file.slice(0, -3))
    expect((await findLabs()).map(({ name }) => name)).to.deep.equal(files.sort())
  })

  it('that cannot be loaded are told with the line, whatever their folder is called', async () => {
    const top = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    const path = join(top, 'été à 100%', 'mine.ts')
    await mkdir(join(path, '..'))
    await writeFile(path, '\n\nthrow new Error("oh")\n')
    const error = await loadLab(path).catch(reason => reason)
    await rm(top, { recursive: true })
    expect(error).to.be.instanceOf(HostError)
    expect(error.message).to.equal(`the lab ${path} can't be loaded: oh`)
    expect(error.mend).to.equal(`mend ${path}:3`)
  })
})
