import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { expect } from 'chai'
import { MachineError } from '../../../../vm/errors.ts'
import { qemuProgram } from '../../../../vm/providers/qemu/argv.ts'
import { openQmp, type Qmp } from '../../../../vm/providers/qemu/qmp.ts'

/** On a QEMU without a machine, which is up in a blink. */
describe("QEMU's control", () => {
  let qemu: ChildProcess
  let qmp: Qmp

  beforeEach(() => {
    const args = ['-machine', 'none', '-nodefaults', '-display', 'none', '-S']
    qemu = spawn(
      qemuProgram('x64') ?? '',
      [...args, '-chardev', 'socket,id=qmp,fd=3', '-mon', 'chardev=qmp,mode=control'],
      { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] },
    )
    const socket = qemu.stdio[3]
    if (!(socket instanceof Duplex)) throw new TypeError('no socket pair')
    qmp = openQmp(socket)
  })
  afterEach(async () => {
    if (qemu.exitCode !== null || qemu.signalCode !== null) return
    qemu.kill('SIGKILL')
    await once(qemu, 'exit')
  })

  it('answers each command with what it returns, many asked at once', async () => {
    const [status, version, nothing] = await Promise.all([
      qmp.execute('query-status'),
      qmp.execute('query-version'),
      qmp.execute('cont'),
    ])
    expect(status).to.include({ status: 'prelaunch', running: false })
    expect(version).to.have.nested.property('qemu.major')
    expect(nothing).to.deep.equal({})
  })

  it('says which command QEMU refused, and what QEMU said', async () => {
    const failure = await failureOf(qmp.execute('device_add', { driver: 'no-such-thing' }))
    expect(failure).to.be.instanceOf(MachineError)
    expect(failure.message).to.match(/^QEMU refused device_add {"driver":"no-such-thing"}: .*no-such-thing/)
    expect(await qmp.execute('query-status')).to.include({ status: 'prelaunch' })
  })

  it('tells events as they come', async () => {
    const resumed = qmp.next('RESUME')
    const never = qmp.next('RESUME', () => false).catch(error => error)
    await qmp.execute('cont')
    expect(await resumed).to.include({ event: 'RESUME' })
    qmp.close()
    expect(await never).to.be.instanceOf(MachineError)
  })

  it('ends with QEMU: whatever is awaited fails, and whatever is asked later', async () => {
    const waiting = failureOf(qmp.next('RESUME'))
    qemu.kill('SIGSTOP')
    const asked = failureOf(qmp.execute('query-status'))
    qemu.kill('SIGKILL')
    expect((await waiting).message).to.equal('QEMU ended before the event RESUME')
    expect((await asked).message).to.equal('QEMU ended before query-status')
    expect((await failureOf(qmp.execute('query-status'))).message).to.match(/query-status/)
  })

  it('lets go of a QEMU that goes on', async () => {
    await qmp.execute('query-status')
    qmp.close()
    expect((await failureOf(qmp.execute('query-status'))).message).to.match(/query-status/)
    expect(qemu.exitCode).to.equal(null)
  })
})

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(
    value => expect.fail(`it held: ${JSON.stringify(value)}`),
    error => error,
  )
}
