import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { startGroup } from '../../../vm/image/group.ts'
import { squashfsCommand } from '../../../vm/image/squashfs.ts'

describe('vm/image/squashfs', () => {
  let dir: string
  let out: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    out = join(dir, 'root.sqfs')
  })

  afterEach(() => rm(dir, { recursive: true }))

  it('packs a tar, and takes the padding behind it, however late that comes', async () => {
    // The sleep lets mksquashfs finish first; the padding is more than a pipe holds.
    const script = 'tar -C "$1" -c squashfs.ts && sleep 0.5 && head -c 1000000 /dev/zero'
    const [tar, squash] = pipe(['sh', '-c', script, 'sh', join(import.meta.dirname, '../../../vm/image')], out)
    expect([await tar.ended, await squash.ended]).to.deep.equal(['exit code 0', 'exit code 0'])
    const { stdout } = await execa('unsquashfs', ['-lln', out])
    expect(stdout)
      .to.match(/^drwxr-xr-x 0\/0 .* squashfs-root$/m)
      .and.include('squashfs-root/squashfs.ts')
  })

  it('fails when there is no tar', async () => {
    const [, squash] = pipe(['true'], out)
    expect(await squash.ended).to.equal('exit code 1')
    expect(squash.said()).to.include('FATAL ERROR')
  })
})

function pipe(command: string[], out: string) {
  const squash = startGroup(squashfsCommand(out), { stdin: 'pipe' })
  const first = startGroup(command, { stdout: squash.child.stdin ?? 'ignore' })
  squash.child.stdin?.destroy()
  return [first, squash] as const
}
