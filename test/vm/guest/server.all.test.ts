import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { ensureImage } from '../../../vm/image/image.ts'
import type { Machine } from '../../../vm/machine.ts'
import { qemuProgram } from '../../../vm/providers/qemu/argv.ts'
import { startVirtualMachine } from '../../../vm/providers/qemu/start.ts'
import { defaultSuite as suite } from '../../../vm/suite.ts'

/** What test/vm/transport proves of OpenSSH, proved of dropbear, as far as servers could differ. */
describe('the ssh server of a clone', function () {
  this.timeout(180_000)
  let machine: Machine
  before(async function () {
    this.timeout(0) // An image and a template may have to be made.
    const made = { report: console.log, signal: new AbortController().signal }
    const image = await ensureImage(suite, made)
    const kind = { suite, engine: false, keep: false, accelerator: 'tcg' } as const
    const program = qemuProgram(process.arch) ?? ''
    machine = await startVirtualMachine({ ...made, ...kind, name: 'qemu:test', label: 'test', program, image })
  })
  after(() => machine?.[Symbol.asyncDispose]())

  it('is dropbear', async () => {
    expect((await machine.exec('pgrep -x dropbear')).exitCode).to.equal(0)
  })

  it('tells how a command ended: with a code, or by a signal', async () => {
    expect(await machine.exec('exit 7')).to.include({ exitCode: 7, signal: null })
    expect(await machine.exec('kill -9 $$')).to.include({ exitCode: null, signal: 'SIGKILL' })
  })

  it('gives a command nothing of its own: neither variables nor ~/.bashrc', async () => {
    await machine.exec('echo "echo noise; echo more >&2" >/root/.bashrc')
    const { stdout, stderr } = await machine.$`env`
    expect(stdout + stderr).to.not.match(/SSH|noise|more/)
  })

  it('carries 3 MB each way, whole', async () => {
    const input = Buffer.alloc(3e6, 'vethlab ').toString()
    const { stdout } = await machine.exec('tee /dev/stderr 2>/dev/null', { input })
    expect(stdout === input).to.equal(true)
  })

  it('runs 50 commands at once, and mixes nothing up', async () => {
    const numbers = Array.from({ length: 50 }, (_, index) => index)
    const printed = await Promise.all(numbers.map(async number => (await machine.$`echo ${number}`).stdout.trim()))
    expect(printed).to.deep.equal(numbers.map(String))
  })

  it('lets a signal through to what a command has started', async () => {
    const running = machine.$`sleep 1000 & sleep 1001; true`.nothrow()
    await machine.exec('until pgrep -x sleep >/dev/null; do :; done')
    await running.kill('SIGTERM')
    expect((await running).signal).to.equal('SIGTERM')
    expect((await machine.exec('pgrep -x sleep')).exitCode).to.equal(1)
  })

  it('joins a unix socket here with one there, half-open too', async () => {
    const listening = machine.exec('rm -f /run/docker.sock; nc -lU /run/docker.sock >/run/heard; cat /run/heard')
    await machine.exec('until [ -S /run/docker.sock ]; do :; done')
    const socket = connect(machine.dockerSocket)
    await once(socket, 'connect')
    socket.end('half a word')
    expect(await text(socket)).to.equal('')
    expect((await listening).stdout).to.equal('half a word')
  })
})
