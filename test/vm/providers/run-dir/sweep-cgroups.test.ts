import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { identifySelf } from '../../../../vm/providers/run-dir/identity.ts'
import { folderName } from '../../../../vm/providers/run-dir/record.ts'
import { sweepCgroups } from '../../../../vm/providers/run-dir/sweep-cgroups.ts'
import { cgroupName, planHere, removeCgroups } from '../../../../vm/providers/sandbox/cgroups.ts'

describe('cgroups without a run folder', () => {
  const self = identifySelf()
  // No process that began with the boot is this one.
  const ended = { ...self, start: 1 }
  /** In the last of this host's trees, as each is treated alike; ours alone, as every run on this host sweeps what stands beside it. */
  let parent = ''
  const cgroupOf = (name: string) => join(parent, name)
  const sweep = () => sweepCgroups([parent])
  const there = async (leaf: string) =>
    await stat(leaf).then(
      () => true,
      () => false,
    )

  before(async function () {
    if (process.getuid?.() !== 0) this.skip()
    parent = (await planHere(`sweep-test-${process.pid}`)).at(-1)?.leaf ?? ''
    await mkdir(parent)
  })
  after(async () => {
    if (parent) await removeCgroups([{ leaf: parent }])
  })

  it('are removed, with all below them, when the process that their names say is gone', async () => {
    const orphan = cgroupOf(cgroupName(`/tmp/${folderName(ended, 990)}`))
    await mkdir(join(orphan, 'docker', 'c1'), { recursive: true })
    expect(await sweep()).to.deep.equal([orphan])
    expect(await there(orphan)).to.equal(false)
  })

  it('stay while that process lives, when it can’t be seen, and where the name is none of ours', async () => {
    const names = [
      cgroupName(folderName(self, 991)),
      cgroupName(folderName({ ...ended, pidNamespace: '1' }, 992)),
      'vethlab-notes',
      folderName(ended, 993),
    ]
    const leaves = names.map(name => ({ leaf: cgroupOf(name) }))
    for (const { leaf } of leaves) await mkdir(leaf)
    try {
      expect(await sweep()).to.deep.equal([])
      for (const { leaf } of leaves) expect(await there(leaf), leaf).to.equal(true)
    } finally {
      await removeCgroups(leaves)
    }
  })

  it('stay while a process is in one of them', async () => {
    const kept = cgroupOf(cgroupName(folderName(ended, 994)))
    await mkdir(join(kept, 'docker'), { recursive: true })
    const child = execa('sleep', ['60'], { reject: false })
    try {
      await writeFile(join(kept, 'docker', 'cgroup.procs'), `${child.pid}`)
      expect(await sweep()).to.deep.equal([])
      expect(await readFile(join(kept, 'docker', 'cgroup.procs'), 'utf8')).to.equal(`${child.pid}\n`)
    } finally {
      child.kill('SIGKILL')
      await child
      await removeCgroups([{ leaf: kept }])
    }
    expect(await there(kept)).to.equal(false)
  })
})
