import { expect } from 'chai'
import { execa } from 'execa'
import { MachineError } from '../../../vm/errors.ts'
import type { ConnectOptions } from '../../../vm/transport/connect.ts'
import { connectToSshd } from './sshd.ts'

const caught = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => expect.fail('it did not reject'),
    error => error,
  )

/** Runs commands of both kinds, does something to the machine, and says what each command made of it, and when. */
async function during(deed: (pid: number) => void, options: Partial<ConnectOptions> = {}) {
  await using it = await connectToSshd(options)
  const { $, exec, lost } = it.connection
  const duration = `1004.${Date.now()}`
  const commands = [caught(exec(`echo before; sleep ${duration}`)), caught($`echo before; sleep ${duration}`)]
  await new Promise(resolve => setTimeout(resolve, 200))
  const start = Date.now()
  deed(it.sshd.pid)
  const [raw, shell] = await Promise.all(commands)
  const ms = Date.now() - start
  const later = [await caught(exec('true')), await caught($`true`)]
  await execa('pkill', ['-KILL', '-fx', `sleep ${duration}`], { reject: false })
  return { raw, shell, later, lost, ms }
}

describe('a lost machine', () => {
  for (const [name, options, limit] of [
    ['natively', {}, 4000],
    ['under emulation', { keepaliveMs: 1000 }, 5000],
    ['however patient one wants to be', { keepaliveMs: 60_000 }, 5000],
  ] as const) {
    it(`that is frozen is noticed in mid-command within 5 s, ${name}`, async () => {
      const { raw, lost, ms } = await during(pid => process.kill(pid, 'SIGSTOP'), options)
      expect(raw).to.be.instanceOf(MachineError)
      expect(raw.message).to.match(/^test machine was lost: no sign of life for [\d.]+ s/)
      expect(ms).to.be.lessThan(limit)
      expect(lost.reason).to.equal(raw)
    }).timeout(10_000)
  }

  it('that is killed is noticed at once, by every command', async () => {
    const { raw, shell, later, lost, ms } = await during(pid => process.kill(pid, 'SIGKILL'))
    expect(ms).to.be.lessThan(500)
    expect(lost.reason).to.be.instanceOf(MachineError)
    expect(lost.reason.message).to.equal('test machine was lost: the connection was closed')
    expect(raw).to.equal(lost.reason)
    expect(shell.cause).to.equal(lost.reason)
    expect(shell.stdout).to.equal('before\n')
    expect(later[0]).to.equal(lost.reason)
    expect(later[1].cause).to.equal(lost.reason)
  })

  it('is not one that was silent for long, nor one that is busy', async () => {
    await using it = await connectToSshd({ keepaliveMs: 50 })
    const { $, exec, lost } = it.connection
    await exec('sleep 1')
    await Promise.all(Array.from({ length: 100 }, () => $`true`))
    await exec('head -c 100000000 /dev/zero > /dev/null; head -c 30000000 /dev/zero')
    expect(lost.aborted).to.equal(false)
  }).timeout(20_000)

  it('does not hold this process up', async () => {
    const script = `
      import { connectToSshd } from ${JSON.stringify(new URL('./sshd.ts', import.meta.url).href)}
      const it = await connectToSshd()
      await it.connection.exec('true')
      await it[Symbol.asyncDispose]()
      console.log('disposed')`
    const start = Date.now()
    const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script], { timeout: 10_000 })
    expect(stdout).to.equal('disposed')
    expect(Date.now() - start).to.be.lessThan(5000)
  })
})
