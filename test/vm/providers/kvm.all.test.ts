import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ensureImage, type Image } from '../../../vm/image/image.ts'
import { decideKvm, findKvmDevice, rememberedKvmVerdicts } from '../../../vm/providers/kvm.ts'
import { qemuProgram } from '../../../vm/providers/qemu/argv.ts'
import { probeBoot } from '../../../vm/providers/qemu/probe.ts'
import { qemuBuild } from '../../../vm/providers/qemu/version.ts'
import { defaultSuite } from '../../../vm/suite.ts'

const signal = new AbortController().signal

const program = qemuProgram('x64') ?? ''

describe('KVM, of a kernel that boots', function () {
  this.timeout(600_000)
  let image: Image
  let dir: string
  before(async function () {
    this.timeout(0) // An image may have to be built.
    image = await ensureImage(defaultSuite, { report: console.log, signal })
    dir = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
  })
  after(() => rm(dir, { recursive: true, force: true }))

  it('is probed: the kernel is seen to boot, emulated', async () => {
    const { kernel, initrd } = image
    const boot = await probeBoot({ program, accelerator: 'tcg', limitMs: 300_000, signal, kernel, initrd })
    expect(boot.up, boot.saw).to.equal(true)
    expect(boot.ms).to.be.greaterThan(100)
  })

  it('is judged by what booting shows, remembered until something changes', async function () {
    if (!(await findKvmDevice()).ok) this.skip()
    const cache = join(dir, 'cache')
    const decide = () => decideKvm(async () => image, { signal, cache })
    const verdict = await decide()
    const booted = await probeBoot({ ...image, program, accelerator: 'kvm', limitMs: 3000, signal })
    expect(verdict.works, booted.saw).to.equal(booted.up)

    const [name = ''] = await readdir(join(cache, 'kvm'))
    const path = join(cache, 'kvm', name)
    const build = qemuBuild(program) ?? ''
    expect(await rememberedKvmVerdicts(build, cache)).to.deep.equal([{ ...verdict, path }])
    expect(await rememberedKvmVerdicts('another QEMU', cache)).to.deep.equal([])

    const told = await readFile(path, 'utf8')
    await writeFile(path, told.replace(/"saw": ".*"/, '"saw": "as remembered"'))
    expect((await decide()).saw).to.equal('as remembered')
    await writeFile(
      path,
      told.replace(/"saw": ".*"/, '"saw": "as remembered"').replace(/"host": ".*"/, '"host": "another"'),
    )
    expect((await decide()).saw).to.not.equal('as remembered')
    await writeFile(path, 'half a verd')
    expect((await decide()).works).to.equal(verdict.works)
  })
})
