import { expect } from 'chai'
import type { Client } from 'ssh2'
import { MachineError } from '../../../vm/errors.ts'
import { sessionOpener } from '../../../vm/transport/sessions.ts'
import { connectToSshd } from './sshd.ts'

const caught = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => expect.fail('it did not reject'),
    error => error,
  )

describe('sessions', () => {
  it("wait their turn where sshd allows 10, as anybody's does", async () => {
    await using it = await connectToSshd({ config: ['MaxSessions 10'] })
    const { $, exec } = it.connection
    const numbers = await Promise.all(Array.from({ length: 60 }, (_, i) => $`sleep 0.05; echo ${i}`))
    expect(numbers.map(({ stdout }) => Number(stdout))).to.deep.equal(Array.from({ length: 60 }, (_, i) => i))
    for (let i = 0; i < 30; i++) expect((await exec('echo on')).stdout).to.equal('on\n')
  })

  it('can be ended while all are taken, as signals need none of their own', async () => {
    await using it = await connectToSshd({ config: ['MaxSessions 4'] })
    const { $ } = it.connection
    const sleeps = Array.from({ length: 3 }, () => $`sleep 1000`.nothrow())
    const waiting = $`echo at last`
    await new Promise(resolve => setTimeout(resolve, 300))
    for (const sleep of sleeps) await sleep.kill()
    expect((await Promise.all(sleeps)).map(({ signal }) => signal)).to.deep.equal(['SIGTERM', 'SIGTERM', 'SIGTERM'])
    expect((await waiting).stdout).to.equal('at last\n')
  })

  it('that wait can be aborted', async () => {
    await using it = await connectToSshd({ config: ['MaxSessions 2'] })
    const { $ } = it.connection
    const sleep = $`sleep 1000`.nothrow()
    await new Promise(resolve => setTimeout(resolve, 100))
    const stop = new AbortController()
    const waiting = $({ signal: stop.signal })`echo never`
    setTimeout(() => stop.abort(), 100)
    expect((await caught(waiting)).message).to.contain('aborted')
    await sleep.kill()
    await sleep
  })

  it('that wait can be aborted while sshd is asked, too, which then refuses', async () => {
    const asked: ((error: Error & { reason: number }) => void)[] = []
    const client = { exec: (_: string, answer: (typeof asked)[number]) => asked.push(answer) } as unknown as Client
    const open = sessionOpener(client, 'test machine', 1000, new AbortController().signal)
    const stop = new AbortController()
    const failed = new Promise(resolve =>
      open('echo never', { opened: () => resolve('opened'), failed: resolve, signal: stop.signal }),
    )
    stop.abort(new Error('given up'))
    asked[0]?.(Object.assign(new Error('open failed'), { reason: 1 }))
    expect(await failed).to.have.property('message', 'given up')
    expect(asked).to.have.length(1)
  })

  it('are refused for good where sshd allows no other', async () => {
    await using it = await connectToSshd({ config: ['MaxSessions 1'] })
    const error = await caught(it.connection.exec('true'))
    expect(error).to.be.instanceOf(MachineError)
    expect(error.message).to.match(/^test machine refused a session/)
  })

  it('that do not open in time are given up', async () => {
    // Frozen, but not noticed before.
    await using it = await connectToSshd({ openMs: 300, questions: 1000 })
    process.kill(it.sshd.pid, 'SIGSTOP')
    const error = await caught(it.connection.exec('true'))
    expect(error).to.be.instanceOf(MachineError)
    expect(error.message).to.equal('test machine did not open a session within 0.3 s')
    process.kill(it.sshd.pid, 'SIGCONT')
  })
})
