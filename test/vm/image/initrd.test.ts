import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { ensureImage, type Image } from '../../../vm/image/image.ts'
import { buildInitrd, moduleOrder, rootModules } from '../../../vm/image/initrd.ts'
import { writeMachineInitrd } from '../../../vm/providers/qemu/initrd.ts'
import { defaultSuite } from '../../../vm/suite.ts'

const signal = new AbortController().signal
const fixture = (suite: string) => readFile(join(import.meta.dirname, '../../fixtures', suite, 'modules.dep'), 'utf8')

describe('the order of modules', () => {
  it('has each module after those that it depends on', async () => {
    const order = moduleOrder(await fixture('bookworm'), ['virtio_blk', 'virtio_pci'])
    expect(order).to.deep.equal([
      'kernel/drivers/virtio/virtio_ring.ko',
      'kernel/drivers/virtio/virtio.ko',
      'kernel/drivers/block/virtio_blk.ko',
      'kernel/drivers/virtio/virtio_pci_legacy_dev.ko',
      'kernel/drivers/virtio/virtio_pci_modern_dev.ko',
      'kernel/drivers/virtio/virtio_pci.ko',
    ])
  })

  it('leaves out what is built into the kernel', async () => {
    for (const suite of ['trixie', 'forky']) {
      expect(moduleOrder(await fixture(suite), rootModules), suite).to.deep.equal([
        'kernel/drivers/block/virtio_blk.ko.xz',
        'kernel/drivers/char/hw_random/virtio-rng.ko.xz',
        'kernel/fs/squashfs/squashfs.ko.xz',
        'kernel/fs/overlayfs/overlay.ko.xz',
      ])
    }
  })
})

describe('an initrd', () => {
  let dir: string
  let image: Image
  let busybox: string

  before(async function () {
    this.timeout(0) // An image may have to be built.
    image = await ensureImage(defaultSuite, { report: console.log, signal })
    dir = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    const { stdout } = await execa('unsquashfs', ['-cat', image.rootfs, 'usr/bin/busybox'], { encoding: 'buffer' })
    busybox = join(dir, 'busybox')
    await writeFile(busybox, stdout, { mode: 0o755 })
  })
  after(() => rm(dir, { recursive: true, force: true }))

  const unpack = async (archive: string) => {
    const cwd = await mkdtemp(join(dir, 'unpacked-'))
    await execa(busybox, ['cpio', '-id'], { cwd, inputFile: archive })
    return cwd
  }

  it('holds busybox and the modules, unpacked, in the order of loading', async () => {
    const release = (await execa('unsquashfs', ['-l', image.rootfs, 'usr/lib/modules'])).stdout.match(
      /modules\/([^/\n]+)$/m,
    )
    const out = join(dir, 'initrd')
    await buildInitrd({ rootfs: image.rootfs, release: release?.[1] ?? '', out, signal })
    const tree = await unpack(out)
    const order = (await readFile(join(tree, 'modules.order'), 'utf8')).trim().split('\n')
    expect(order).to.include.members(['virtio_blk', 'squashfs', 'overlay'])
    expect((await readdir(join(tree, 'modules'))).toSorted()).to.deep.equal(order.map(name => `${name}.ko`).toSorted())
    for (const name of order) {
      const module = await readFile(join(tree, 'modules', `${name}.ko`))
      expect(module.toString('latin1', 0, 4), name).to.equal('\x7fELF')
    }
    expect((await execa(join(tree, 'bin/busybox'), ['echo', 'it runs'])).stdout).to.equal('it runs')
    expect(await readFile(out)).to.deep.equal(await readFile(image.initrd))
  })

  it('leaves nothing behind when it cannot be built', async () => {
    const out = join(dir, 'no-such-kernel')
    const failure = await buildInitrd({ rootfs: image.rootfs, release: '0.0', out, signal }).catch(error => error)
    expect(failure).to.be.an('error').with.property('message').that.includes('modules.dep')
    expect((await readdir(dir)).filter(name => name.startsWith('no-such-kernel'))).to.deep.equal([])
  })

  it('of one machine is the image’s with init and seed behind it, for nobody else to read', async () => {
    const init = join(dir, 'init')
    const out = join(dir, 'machine')
    await writeFile(init, '#!/bin/busybox sh\n')
    const seed = [{ path: '/etc/vethlab/host_key', mode: 0o600, content: 'secret\n' }]
    await writeMachineInitrd({ image: image.initrd, init, seed, out })
    expect((await stat(out)).mode & 0o777).to.equal(0o600)

    const [whole, first] = await Promise.all([readFile(out), readFile(image.initrd)])
    expect(whole.subarray(0, first.length).equals(first)).to.equal(true)
    const second = join(dir, 'second')
    await writeFile(second, whole.subarray(first.length))
    const tree = await unpack(second)
    expect((await stat(join(tree, 'init'))).mode & 0o777).to.equal(0o755)
    expect(await readFile(join(tree, 'seed/etc/vethlab/host_key'), 'utf8')).to.equal('secret\n')
    expect((await stat(join(tree, 'seed/etc/vethlab/host_key'))).mode & 0o777).to.equal(0o600)
  })
})
