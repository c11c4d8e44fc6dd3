import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { MachineError } from '../../../../vm/errors.ts'
import { planCgroups, planHere, readPlan, removeCgroups, writePlan } from '../../../../vm/providers/sandbox/cgroups.ts'

const hybrid = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`
const hybridOwn = `9:name=systemd:/user.slice
4:memory:/jobs/1
1:cpu,cpuacct:/
0::/user.slice
`

describe('the plan of a sandbox’s cgroups', () => {
  it('goes below our own cgroup in each tree of version 1, and to the top in version 2', () => {
    expect(planCgroups(hybrid, hybridOwn, 'box').map(({ options, leaf }) => [options, leaf])).to.deep.equal([
      ['cpu,cpuacct', '/sys/fs/cgroup/cpu,cpuacct/box'],
      ['memory', '/sys/fs/cgroup/memory/jobs/1/box'],
      ['name=systemd', '/sys/fs/cgroup/systemd/user.slice/box'],
      ['-', '/sys/fs/cgroup/unified/box'],
    ])
  })

  it('shows version 2 at the usual place where it is alone, and beside the trees of version 1 otherwise', () => {
    const places = (mountinfo: string) => planCgroups(mountinfo, hybridOwn, 'box').map(({ place }) => place)
    expect(places('51 77 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n')).to.deep.equal(['/sys/fs/cgroup'])
    expect(places(hybrid)).to.deep.equal([
      '/sys/fs/cgroup/cpu,cpuacct',
      '/sys/fs/cgroup/memory',
      '/sys/fs/cgroup/systemd',
      '/sys/fs/cgroup/unified',
    ])
  })

  it('finds our own cgroup in a tree that is mounted in part, as in a container', () => {
    const part = '35 31 0:32 /docker/c1 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n'
    expect(planCgroups(part, '4:memory:/docker/c1/job\n', 'box')[0]?.leaf).to.equal('/sys/fs/cgroup/memory/job/box')
    // A cgroup namespace shows our own as `/`, or as outside of the mount.
    expect(planCgroups(part, '4:memory:/\n', 'box')[0]?.leaf).to.equal('/sys/fs/cgroup/memory/box')
  })

  it('takes a tree that is mounted twice once', () => {
    expect(planCgroups(hybrid + hybrid, hybridOwn, 'box')).to.have.length(4)
  })

  it('finds this host’s trees', async () => {
    const [mountinfo, own] = await Promise.all([
      readFile('/proc/self/mountinfo', 'utf8'),
      readFile('/proc/self/cgroup', 'utf8'),
    ])
    expect(planCgroups(mountinfo, own, 'box')).to.not.deep.equal([])
  })

  it('can be written down and read again', () => {
    const leaves = planCgroups(hybrid, hybridOwn, 'box')
    expect(readPlan(writePlan(leaves))).to.deep.equal(leaves)
  })
})

describe('removing cgroups', () => {
  it('removes what has been made below them too, and does not mind what is gone', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const leaf = (await planHere(`vethlab-test-${process.pid}`)).at(-1)?.leaf ?? ''
    await mkdir(join(leaf, 'docker', 'c1'), { recursive: true })
    await removeCgroups([{ leaf }, { leaf: `${leaf}-gone` }])
    const left = await readFile(join(leaf, 'cgroup.procs')).catch((error: NodeJS.ErrnoException) => error.code)
    expect(left).to.equal('ENOENT')
  })
  it('says which one stays busy, and leaves it', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const leaf = (await planHere(`vethlab-busy-${process.pid}`)).at(-1)?.leaf ?? ''
    await mkdir(leaf)
    const child = execa('sleep', ['60'], { reject: false })
    try {
      await writeFile(join(leaf, 'cgroup.procs'), `${child.pid}`)
      const refused = await removeCgroups([{ leaf }], { patienceMs: 50 }).catch((error: MachineError) => error)
      expect(refused).to.be.instanceOf(MachineError)
      expect(refused?.message).to.equal(`cgroup ${leaf} can't be removed: something is still in it`)
    } finally {
      child.kill('SIGKILL')
      await child
      await removeCgroups([{ leaf }])
    }
  })
})
