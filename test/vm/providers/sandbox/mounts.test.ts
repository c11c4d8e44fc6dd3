import { expect } from 'chai'
import { mountTable } from '../../../../vm/providers/sandbox/mounts.ts'

const v2 = [{ type: 'cgroup2', options: '-', place: '/sys/fs/cgroup', leaf: '/sys/fs/cgroup/box' }] as const
const table = (request: Partial<Parameters<typeof mountTable>[0]> = {}) =>
  mountTable({
    stage: '/run/box/stage',
    rootfs: '/images/root.sqfs',
    engineData: undefined,
    leaves: [...v2],
    ...request,
  })

describe('the mounts of a sandbox', () => {
  it('name each file as fstab wants it, blanks in octal', () => {
    expect(table({ rootfs: '/home/a user/root.sqfs' })).to.include('/home/a\\040user/root.sqfs /run/box/stage/image')
  })

  it('lay the settings of the netns over the others, which are read-only', () => {
    const lines = table().split('\n')
    const settings = lines.findIndex(line => line.includes('/root/proc/sys none bind,ro'))
    const net = lines.findIndex(line => line.includes('/root/proc/sys/net none bind'))
    expect(settings).to.be.greaterThan(0)
    expect(net).to.be.greaterThan(settings)
  })

  it('have a tmpfs for the trees of cgroup version 1 to stand in, and none under version 2 alone', () => {
    const memory = { type: 'cgroup', options: 'memory', place: '/sys/fs/cgroup/memory', leaf: '/x' } as const
    expect(table({ leaves: [memory] })).to.match(/^tmpfs \S+\/root\/sys\/fs\/cgroup tmpfs /m)
    expect(table({ leaves: [memory] })).to.match(/^cgroup \S+\/cgroup\/memory cgroup memory,X-mount.mkdir$/m)
    expect(table()).to.not.match(/^tmpfs \S+\/root\/sys\/fs\/cgroup /m)
    expect(table()).to.match(/^cgroup2 \S+\/root\/sys\/fs\/cgroup cgroup2 /m)
  })
})
