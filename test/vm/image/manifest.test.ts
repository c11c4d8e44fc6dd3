import { chmod, mkdtemp, open, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Manifest, readManifest, writeManifest } from '../../../vm/image/manifest.ts'
import { findDamage } from '../../../vm/image/sealed.ts'

const facts = {
  suite: 'trixie',
  recipe: 'abc',
  builtAt: '2026-01-01T00:00:00Z',
  release: '6.12',
  packages: {},
} as const

describe('vm/image/manifest', () => {
  let dir: string
  let manifest: Manifest

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    for (const name of ['root.sqfs', 'vmlinuz', 'initrd']) await writeFile(join(dir, name), `the bytes of ${name}`)
    manifest = await writeManifest(dir, facts)
  })

  afterEach(() => rm(dir, { recursive: true }))

  it('is read as it was written', async () => {
    expect(await readManifest(dir)).to.deep.equal(manifest)
    expect(manifest.files.vmlinuz).to.deep.equal({
      size: 20,
      sha256: '0b933c7b97bc8b66620307b0e4cfafdfce68144c9efba73c82ac3ab32897f8f5',
    })
  })

  it('is none where there is none, and unreadable where it was cut off', async () => {
    expect(await readManifest(join(dir, 'nothing'))).to.equal(undefined)
    await truncate(join(dir, 'manifest.json'), 100)
    expect(await readManifest(dir)).to.equal('unreadable')
    await writeFile(join(dir, 'manifest.json'), '{ "files": { "initrd": {} } }')
    expect(await readManifest(dir)).to.equal('unreadable')
  })

  it('finds a whole image whole', async () => {
    expect(await findDamage(dir, manifest)).to.deep.equal([])
  })

  it('finds one flipped bit, which file it is in, and what the checksum should be', async () => {
    const path = join(dir, 'initrd')
    const bytes = await readFile(path)
    bytes[3] = (bytes[3] ?? 0) ^ 1
    await writeFile(path, bytes)
    const [damage, ...others] = await findDamage(dir, manifest)
    expect(others).to.deep.equal([])
    expect(damage).to.deep.include({ file: 'initrd', expected: manifest.files.initrd.sha256 })
    expect(damage?.seen)
      .to.match(/^[0-9a-f]{64}$/)
      .and.not.equal(damage?.expected)
  })

  it('finds a flipped bit even if the size and the time of modification are the old ones', async () => {
    const path = join(dir, 'initrd')
    const when = new Date(1_700_000_000_000)
    await utimes(path, when, when)
    expect(await findDamage(dir, manifest)).to.deep.equal([])
    await writeFile(path, 'THE bytes of initrd')
    await utimes(path, when, when)
    expect(await findDamage(dir, manifest)).to.have.length(1)
  })

  it('finds a file cut short, and one that is gone', async () => {
    await truncate(join(dir, 'root.sqfs'), 5)
    await rm(join(dir, 'vmlinuz'))
    expect((await findDamage(dir, manifest)).map(({ file, seen }) => [file, seen.slice(0, 7)])).to.deep.equal([
      ['root.sqfs', '896a4e4'],
      ['vmlinuz', 'no file'],
    ])
  })

  it('goes on finding the same damage, looked at again', async () => {
    await truncate(join(dir, 'root.sqfs'), 5)
    expect(await findDamage(dir, manifest)).to.have.length(1)
    expect(await findDamage(dir, manifest)).to.have.length(1)
  })

  it('reads a file again only when it looks different', async () => {
    const path = join(dir, 'root.sqfs')
    await using file = await open(path, 'w')
    const size = 30_000_000
    await file.truncate(size)
    const large = await writeManifest(dir, facts)

    expect(await readBy(() => findDamage(dir, large))).to.be.below(size)
    await chmod(path, 0o600)
    expect(await readBy(() => findDamage(dir, large))).to.be.at.least(size)
    expect(await readBy(() => findDamage(dir, large))).to.be.below(size)
  })

  it('works without a place for its note', async () => {
    await rm(join(dir, 'verified.json'))
    await writeFile(join(dir, 'verified.json'), 'no JSON')
    expect(await findDamage(dir, manifest)).to.deep.equal([])
  })
})

/** How many bytes this process reads for it, as the kernel counts. */
async function readBy(work: () => Promise<unknown>): Promise<number> {
  const read = async () => Number(/^rchar: (\d+)$/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1])
  const before = await read()
  await work()
  return (await read()) - before
}
