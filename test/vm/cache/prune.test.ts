import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { inWords } from '../../../harness/cli/cache.ts'
import { listCache } from '../../../vm/cache/entries.ts'
import { namedByRecipes } from '../../../vm/cache/named.ts'
import { pruneCache } from '../../../vm/cache/prune.ts'
import { imageName } from '../../../vm/image/address.ts'
import { lock } from '../../../vm/image/lock.ts'
import { recipeOf } from '../../../vm/image/recipe.ts'
import { makeRunDir } from '../../../vm/providers/run-dir.ts'

const never = new AbortController().signal
const old = 'trixie-0123456789ab'
const present = imageName(recipeOf('trixie'))

describe('the cache', () => {
  let folder = ''
  let cache = ''
  let before: string | undefined

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    before = process.env.XDG_RUNTIME_DIR
    process.env.XDG_RUNTIME_DIR = folder
    cache = join(folder, 'cache')
    for (const name of [present, old]) await put('images', name)
  })
  afterEach(async () => {
    if (before === undefined) delete process.env.XDG_RUNTIME_DIR
    else process.env.XDG_RUNTIME_DIR = before
    await rm(folder, { recursive: true })
  })

  it('says what each thing takes, and what no recipe names', async () => {
    await put('templates', 'trixie-bare-tcg-0123456789ab')
    await put('kvm', '0123456789abcdef.json', 'a verdict')
    const entries = await listCache(cache)
    expect(entries.map(({ kind, name, named }) => [kind, name, named])).to.deep.equal([
      ...[
        ['images', old, false],
        ['images', present, true],
      ].sort(),
      ['templates', 'trixie-bare-tcg-0123456789ab', false],
      ['kvm', '0123456789abcdef.json', false],
      ['compiled', 'compiled', true],
    ])
    expect(entries[0]?.bytes).to.be.within(5000, 20_000)
    const words = inWords(entries, cache)
    expect(words).to.match(new RegExp(`^image +${old} +\\d+ kB  no recipe names it$`, 'm'))
    expect(words).to.match(/; npm run lab cache prune frees \d+ kB\n$/)
  })

  it('names the templates of an image that is there', async () => {
    const files = Object.fromEntries(
      ['root.sqfs', 'vmlinuz', 'initrd'].map(name => [name, { size: 1, sha256: 'a'.repeat(64) }]),
    )
    await writeFile(join(cache, 'images', present, 'manifest.json'), JSON.stringify({ suite: 'trixie', files }))
    const named = await namedByRecipes(cache)
    expect([...named.templates].map(name => name.replace(/-[0-9a-f]{12}$/, ''))).to.have.members([
      ...['trixie-engine-kvm', 'trixie-engine-tcg', 'trixie-engine-legacy-kvm', 'trixie-engine-legacy-tcg'],
      ...['trixie-bare-kvm', 'trixie-bare-tcg', 'trixie-bare-legacy-kvm', 'trixie-bare-legacy-tcg'],
    ])
    expect([...named.kvm]).to.deep.equal([`${'a'.repeat(16)}.json`])
  })

  it('is pruned of what no recipe names, and of what killed makers have left, whole', async () => {
    await put('templates', 'trixie-bare-tcg-0123456789ab')
    await put('templates', `.building-trixie-bare-tcg-0123456789ab-Xx1`)
    const elsewhere = join(folder, 'tree')
    await mkdir(elsewhere)
    await symlink(elsewhere, join(cache, 'templates/.building-trixie-bare-tcg-0123456789ab-Xx1/work'))
    const { removed, left } = await pruneCache(cache, never)
    expect(left).to.deep.equal([])
    expect(removed.map(({ kind }) => kind)).to.deep.equal(['images', 'templates', 'half-made'])
    expect(existsSync(elsewhere)).to.equal(false)
    expect(await folders('images')).to.deep.equal([present])
    expect(await folders('templates')).to.deep.equal([])
    expect((await pruneCache(cache, never)).removed).to.deep.equal([])
  })

  it('keeps what somebody is at work on, and what a live machine is made of', async () => {
    await put('images', 'trixie-ba9876543210')
    await using _held = await lock(join(cache, 'images', `${old}.lock`), { signal: never, waiting() {} })
    const uses = [join(cache, 'images/trixie-ba9876543210/root.sqfs')]
    const run = await makeRunDir({ label: 'bridge-nat', provider: 'qemu', suite: 'trixie', uses })
    const why = (await pruneCache(cache, never)).left.map(({ entry, why }) => [entry.name, why])
    expect(why).to.deep.equal([
      [old, 'being made'],
      ['trixie-ba9876543210', 'used by bridge-nat'],
    ])
    await run.remove()
    expect((await pruneCache(cache, never)).removed.map(({ name }) => name)).to.deep.equal(['trixie-ba9876543210'])
  })

  async function put(store: string, name: string, content?: string) {
    await mkdir(join(cache, store), { recursive: true })
    if (content !== undefined) return await writeFile(join(cache, store, name), content)
    await mkdir(join(cache, store, name))
    await writeFile(join(cache, store, name, 'root.sqfs'), Buffer.alloc(5000))
  }
  async function folders(store: string): Promise<string[]> {
    return (await readdir(join(cache, store))).filter(name => !name.endsWith('.lock'))
  }
})
