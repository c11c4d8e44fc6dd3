import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { execa } from 'execa'
import { imageName } from '../../../vm/image/address.ts'
import { ensureImage, type Image } from '../../../vm/image/image.ts'
import { findTool, imageTools } from '../../../vm/image/tools.ts'
import { gone, killedAt, start } from './small-build.ts'
import { smallRecipe } from './small-image.ts'

const never = new AbortController().signal

describe('vm/image/image', function () {
  this.timeout(600_000)
  let cache: string
  let images: string
  let dir: string

  before(async () => {
    cache = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    images = join(cache, 'images')
    dir = join(images, imageName(smallRecipe))
  })

  after(() => rm(cache, { recursive: true }))

  it('leaves nothing that is mistaken for an image when it is killed, with nearly all of it there', () =>
    killedAt('making the initrd', cache))

  it('builds once for two who ask at once: the other waits and says so', async () => {
    const one = start(cache, { stopAt: 'building' })
    await one.stopped()
    const left = (await readdir(images)).filter(name => name.startsWith('.building-'))
    expect(left, 'what killed builds have left is gone').to.have.length(1)

    const other = start(cache)
    await other.reported('another process is building')
    one.child.kill('SIGCONT')
    expect((await one.ended).last).to.deep.equal({ dir })
    expect((await other.ended).last).to.deep.equal({ dir })
    expect((await other.ended).lines).to.deep.equal(['another process is building the trixie image; waiting for it'])
    expect((await readdir(images)).sort()).to.deep.equal([imageName(smallRecipe), `${imageName(smallRecipe)}.lock`])
  })

  it('holds what a machine needs, and nothing of the host', async () => {
    const image = await ensure(cache)
    expect(image).to.deep.include({ suite: 'trixie', dir, rootfs: join(dir, 'root.sqfs'), initrd: join(dir, 'initrd') })
    expect(image.manifest.packages).to.have.property(`linux-image-${image.manifest.release}`)
    const list = (await execa('unsquashfs', ['-lln', image.rootfs])).stdout
    expect(list).to.match(/^drwxr-xr-x 0\/0 .* squashfs-root$/m)
    expect(list).to.include(`squashfs-root/usr/lib/modules/${image.manifest.release}/modules.dep`)
    expect(list).to.include('squashfs-root/usr/share/vethlab/images/busybox.tar')
    expect(list).to.match(/^-rw-r--r-- 0\/0 +0 .* squashfs-root\/etc\/machine-id$/m)
    expect(list).not.to.match(
      /ssh_host_|squashfs-root\/etc\/(hostname|hosts)$|squashfs-root\/vmlinuz|kernel\/drivers\/gpu/m,
    )
  })

  it('holds container images whose layer and configuration are what their names say', async () => {
    const { rootfs } = await ensure(cache)
    const archive = join(cache, 'busybox')
    await mkdir(archive)
    const unpack = 'unsquashfs -cat "$1" usr/share/vethlab/images/busybox.tar | tar -x -C "$2"'
    await execa('sh', ['-c', unpack, 'sh', rootfs, archive])

    const manifest = JSON.parse(await readFile(join(archive, 'manifest.json'), 'utf8'))
    const config = manifest[0].Config
    expect(manifest).to.deep.equal([
      { Config: config, RepoTags: ['busybox:latest', 'vethlab/busybox:latest'], Layers: ['layer.tar'] },
    ])
    expect(config).to.equal(`${await sha256(join(archive, config))}.json`)
    const { architecture, rootfs: layers } = JSON.parse(await readFile(join(archive, config), 'utf8'))
    expect(architecture).to.equal(smallRecipe.arch)
    expect(layers.diff_ids).to.deep.equal([`sha256:${await sha256(join(archive, 'layer.tar'))}`])
    const { stdout: paths } = await execa('tar', ['-tf', join(archive, 'layer.tar')])
    expect(paths.split('\n')).to.include.members([
      './usr/bin/busybox',
      './usr/bin/sh',
      './usr/bin/ping',
      './etc/passwd',
    ])
  })

  it('is there the next time, as it was', async () => {
    const reported: string[] = []
    const files = async () => await Promise.all(['root.sqfs', 'manifest.json'].map(name => stat(join(dir, name))))
    const before = await files()
    await ensureImage('trixie', { cache, recipe: smallRecipe, report: line => reported.push(line), signal: never })
    expect((await files()).map(({ ino }) => ino)).to.deep.equal(before.map(({ ino }) => ino))
    expect(reported).to.deep.equal([])
  })

  it('says that a file is damaged, which and how, and builds the image anew', async () => {
    const path = join(dir, 'root.sqfs')
    const before = (await stat(path)).ino
    await using file = await open(path, 'r+')
    await file.write('damage', 1_000_000)

    const { lines, last } = await start(cache).ended
    expect(lines[0]).to.match(/^image damaged \(checksum\): .*\/root\.sqfs, expected [0-9a-f]{64}, seen [0-9a-f]{64}; /)
    expect(last).to.deep.equal({ dir })
    expect((await stat(path)).ino).not.to.equal(before)
    expect((await start(cache).ended).lines).to.deep.equal([])
  })

  it('says that the manifest is damaged, and removes its own folders when it is interrupted', async () => {
    await writeFile(join(dir, 'manifest.json'), '{ "suite":')
    const build = start(cache, { stopAt: 'downloading' })
    await build.stopped()
    build.child.kill('SIGINT')
    build.child.kill('SIGCONT')
    const { lines, last } = await build.ended
    expect(lines[0]).to.match(/^image damaged \(checksum\): .*\/manifest\.json/)
    expect(last).to.include({ message: 'interrupted' })
    expect((await readdir(images)).filter(name => name.startsWith('.building-'))).to.deep.equal([])
    await gone(cache)
  })

  describe('on a host that cannot build', () => {
    let empty: string

    beforeEach(async () => {
      empty = join(cache, 'empty')
      await mkdir(empty)
    })

    afterEach(() => rm(empty, { recursive: true }))

    it('says within seconds that the mirror cannot be reached, and names the variable that sets another', async () => {
      const { last } = await start(empty, { env: { VETHLAB_MIRROR: 'http://127.0.0.1:9/debian' } }).ended
      expect(last).to.have.property('message').that.includes("http://127.0.0.1:9/debian can't be reached")
      expect(last).to.have.property('mend').that.includes('VETHLAB_MIRROR')
      expect(await readdir(join(empty, 'images'))).to.deep.equal([`${imageName(smallRecipe)}.lock`])
    })

    it('names each package that is not installed, in one line for apt', async () => {
      const bin = join(empty, 'bin')
      await mkdir(bin)
      for (const tool of Object.keys(imageTools).filter(tool => !/mmdebstrap|squashfs/.test(tool))) {
        await symlink(findTool(tool) ?? '', join(bin, tool))
      }
      const { last } = await start(empty, { env: { PATH: bin } }).ended
      expect(last).to.have.property('message').that.includes('mmdebstrap, mksquashfs, unsquashfs are not installed')
      expect(last)
        .to.have.property('mend')
        .that.matches(/apt-get install mmdebstrap squashfs-tools$/)
    })

    it('says that the cache folder cannot be written', async () => {
      await writeFile(join(empty, 'file'), '')
      const { last } = await start(join(empty, 'file')).ended
      expect(last)
        .to.have.property('message')
        .that.matches(/the cache folder .*empty\/file\/images can't be written/)
      expect(last).to.have.property('mend').that.includes('XDG_CACHE_HOME')
    })

    it('says that the file system of the cache is read-only', async function () {
      if (process.getuid?.() !== 0) this.skip()
      const { last } = await start(empty, { mount: 'size=10m,ro' }).ended
      expect(last).to.have.property('message').that.includes("can't be written")
    })

    it('says how much room it needs before it starts, when there is not enough', async function () {
      if (process.getuid?.() !== 0) this.skip()
      const { last, lines } = await start(empty, { mount: 'size=100m' }).ended
      expect(last)
        .to.have.property('message')
        .that.matches(/\d+ MB are free, a build takes \d+/)
      expect(last)
        .to.have.property('mend')
        .that.matches(/^free \d+ MB there/)
      expect(lines).to.deep.equal([])
    })
  })
})

async function ensure(cache: string): Promise<Image> {
  return await ensureImage('trixie', { cache, recipe: smallRecipe, report: () => {}, signal: never })
}

async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}
