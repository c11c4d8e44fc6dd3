import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { testHost } from './host.ts'
import { top } from './tiers.ts'

describe('what tests have of the host to themselves', () => {
  let runtime: string
  beforeEach(async () => {
    runtime = await mkdtemp(join(tmpdir(), 'vh-'))
  })
  afterEach(() => rm(runtime, { recursive: true }))

  it('is gone with them', async () => {
    {
      await using host = await testHost(runtime)
      await mkdir(join(host.env.XDG_RUNTIME_DIR, '0'))
      expect(await host.left()).to.deep.equal([])
    }
    expect(await readdir(runtime)).to.deep.equal([])
  })

  it('is removed by the next tests where these were killed, but not where they go on', async () => {
    await mkdir(join(runtime, 'vl-999999999-1-abcdef', '0'), { recursive: true })
    await using first = await testHost(runtime)
    await using second = await testHost(runtime)
    const folders = [first, second].map(({ env }) => env.XDG_RUNTIME_DIR)
    expect((await readdir(runtime)).map(name => join(runtime, name)).toSorted()).to.deep.equal(folders.toSorted())
  })

  it('tells a machine that a test has left, and a part of the host, and removes both', async function () {
    if (process.getuid?.() !== 0) this.skip()
    await using host = await testHost(runtime)
    const worker = join(host.env.XDG_RUNTIME_DIR, '3')
    await mkdir(worker)
    const env = { XDG_RUNTIME_DIR: worker }
    await execa(process.execPath, ['harness/cli/main.ts', 'test/fixtures/labs/holds.ts', '--on', 'sandbox', '--keep'], {
      ...{ cwd: top, env, stdin: 'ignore' },
    })
    const part = join(runtime, 'part')
    for (const name of ['run', 'cache']) await mkdir(join(part, name), { recursive: true })
    await symlink(part, join(worker, 'part'))
    expect(await host.left()).to.deep.equal(['worker 3: machine test/fixtures/labs/holds.ts', `worker 3: ${part}`])
    expect(existsSync(part)).to.equal(false)
    expect(await host.left()).to.deep.equal([])
  })
})
