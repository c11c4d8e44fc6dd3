import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { ensureImage, type Image } from '../../../vm/image/image.ts'
import { decideKvm, findKvmDevice } from '../../../vm/providers/kvm.ts'
import { qemuProgram } from '../../../vm/providers/qemu/argv.ts'
import { probeBoot } from '../../../vm/providers/qemu/probe.ts'
import { defaultSuite } from '../../../vm/suite.ts'
import { descendants } from '../../faults/processes.ts'

const signal = new AbortController().signal
const program = qemuProgram('x64') ?? ''

describe('KVM', () => {
  let image: Image
  let dir: string

  before(async function () {
    this.timeout(0) // An image may have to be built.
    image = await ensureImage(defaultSuite, { report: console.log, signal })
    dir = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
  })
  after(() => rm(dir, { recursive: true, force: true }))

  describe("'s device", () => {
    it('that is not there is a lack of virtualisation', async () => {
      const finding = await findKvmDevice(join(dir, 'kvm'))
      expect(finding).to.include({ ok: false, saw: 'is not there' })
      expect(finding.mend).to.include('virtualisation')
    })

    it('that cannot be opened is mended by the group or by udev', async () => {
      const finding = await findKvmDevice(dir) // a folder: root, too, cannot open it like a device
      expect(finding.ok).to.equal(false)
      expect(finding.saw).to.match(/^cannot be opened by \S+ \(EISDIR\)$/)
      expect(finding.mend).to.include('usermod -aG kvm').and.to.include('udevadm control --reload-rules')
    })
  })

  describe('probe', () => {
    const probe = { program, accelerator: 'tcg' as const, limitMs: 600_000, signal }

    it('sees one that does not, and says what QEMU said', async () => {
      const kernel = join(dir, 'no-kernel')
      await writeFile(kernel, 'not a kernel')
      const boot = await probeBoot({ ...probe, kernel, initrd: image.initrd })
      expect(boot.up).to.equal(false)
      expect(boot.saw).to.match(/QEMU ended after \d+ ms \(1\): qemu: linux kernel too old/)
    })

    it('does not wait longer than its limit', async () => {
      const { kernel, initrd } = image
      const boot = await probeBoot({ ...probe, kernel, initrd, limitMs: 50 })
      expect(boot).to.include({ up: false, killed: false, saw: 'no kernel within 50 ms' })
    })

    it('that somebody kills says nothing about the kernel', async () => {
      const { kernel, initrd } = image
      const probing = probeBoot({ ...probe, kernel, initrd })
      process.kill(await startedQemu(), 'SIGKILL')
      expect(await probing).to.include({ up: false, killed: true })
    })

    it('stops when told', async () => {
      const { kernel, initrd } = image
      const stop = new AbortController()
      const probing = probeBoot({ ...probe, kernel, initrd, signal: stop.signal }).catch(error => error)
      await startedQemu()
      stop.abort(new Error('enough'))
      expect(await probing).to.have.property('message', 'enough')
    })

    /** The number of the QEMU that is there as soon as it has been started. */
    async function startedQemu(): Promise<number> {
      for (;;) {
        const found = (await descendants(process.pid)).find(({ name }) => name.startsWith('qemu-system'))
        if (found) return found.number
        await pause(10)
      }
    }
  })

  describe('verdict', () => {
    it('is reached without an image where there is no device', async () => {
      const getImage = () => expect.fail('the image was asked for')
      const device = join(dir, 'kvm')
      const verdict = await decideKvm(getImage, { signal, cache: dir, device })
      expect(verdict).to.deep.equal({ works: false, saw: `${device} is not there` })
    })
  })
})
