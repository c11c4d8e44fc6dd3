import { expect } from 'chai'
import { ensureImage } from '../../../vm/image/image.ts'
import { qemuProgram } from '../../../vm/providers/qemu/argv.ts'
import { probeBoot } from '../../../vm/providers/qemu/probe.ts'
import { defaultSuite } from '../../../vm/suite.ts'

const signal = new AbortController().signal

describe("KVM's probe, emulated", () => {
  it('sees a kernel that boots', async function () {
    this.timeout(0) // An image may have to be built, and a kernel boots.
    const { kernel, initrd } = await ensureImage(defaultSuite, { report: console.log, signal })
    const program = qemuProgram('x64') ?? ''
    const boot = await probeBoot({ program, accelerator: 'tcg', limitMs: 300_000, signal, kernel, initrd })
    expect(boot.up, boot.saw).to.equal(true)
    expect(boot.ms).to.be.greaterThan(0)
  })
})
