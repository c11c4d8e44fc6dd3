import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { qemuProgram } from '../../../../vm/providers/qemu/argv.ts'
import { QemuFrozen, watchQemu } from '../../../../vm/providers/qemu/frozen.ts'
import { openQmp, type Qmp } from '../../../../vm/providers/qemu/qmp.ts'

/** On a QEMU without a machine, which is up in a blink. */
describe('a watch over QEMU', () => {
  let qemu: ChildProcess
  let qmp: Qmp

  beforeEach(async () => {
    const args = ['-machine', 'none', '-nodefaults', '-display', 'none', '-S']
    const control = ['-chardev', 'socket,id=qmp,fd=3', '-mon', 'chardev=qmp,mode=control']
    qemu = spawn(qemuProgram('x64') ?? '', [...args, ...control], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
    const socket = qemu.stdio[3]
    if (!(socket instanceof Duplex)) throw new TypeError('no socket pair')
    qmp = openQmp(socket)
    await qmp.execute('query-status')
  })
  afterEach(async () => {
    qemu.kill('SIGKILL')
    if (qemu.exitCode === null && qemu.signalCode === null) await once(qemu, 'exit')
  })

  it('sees that it is stopped, after three intervals', async () => {
    using watch = watchQemu(qmp, { name: 'qemu:trixie', intervalMs: 500 })
    await pause(2000)
    expect(watch.frozen.aborted).to.equal(false)
    qemu.kill('SIGSTOP')
    await once(watch.frozen, 'abort')
    expect(watch.frozen.reason).to.be.instanceOf(QemuFrozen)
    expect(watch.frozen.reason.message).to.equal('qemu:trixie: QEMU has not answered for 1.5 s')
  })

  it('leaves its end to be told by others, and sees nothing any more once it is over', async () => {
    using watch = watchQemu(qmp, { name: 'qemu:trixie', intervalMs: 50 })
    const another = watchQemu(qmp, { name: 'qemu:trixie', intervalMs: 50 })
    another[Symbol.dispose]()
    qemu.kill('SIGSTOP')
    await once(watch.frozen, 'abort')
    expect(another.frozen.aborted).to.equal(false)
    qemu.kill('SIGKILL')
    await once(qemu, 'exit')
    using late = watchQemu(qmp, { name: 'qemu:trixie', intervalMs: 50 })
    await pause(400)
    expect(late.frozen.aborted).to.equal(false)
  })
})
