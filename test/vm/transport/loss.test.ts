import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
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

/** Runs commands of both kinds, does something to the machine, and says what each command made of it. */
async function during(deed: (pid: number) => void, options: Partial<ConnectOptions> = {}) {
  await using it = await connectToSshd(options)
  const { $, exec, lost } = it.connection
  const duration = `1004.${Date.now()}`
  const inShell = $`echo before; sleep ${duration}`
  const printed = once(inShell.stdout, 'data')
  const commands = [caught(exec(`echo before; sleep ${duration}`)), caught(inShell)]
  const sleeping = async () => (await execa('pgrep', ['-fxc', `sleep ${duration}`], { reject: false })).stdout
  while ((await sleeping()) !== '2') await pause(10)
  await printed
  deed(it.sshd.pid)
  const [raw, shell] = await Promise.all(commands)
  const later = [await caught(exec('true')), await caught($`true`)]
  await execa('pkill', ['-KILL', '-fx', `sleep ${duration}`], { reject: false })
  return { raw, shell, later, lost }
}

describe('a lost machine', () => {
  // 5 s are promised: what is left of them is for whoever tells it.
  for (const [name, options, silence] of [
    ['natively', {}, 1.5],
    ['under emulation', { keepaliveMs: 1000 }, 3],
    ['however patient one wants to be', { keepaliveMs: 60_000 }, 3],
  ] as const) {
    it(`that is frozen is noticed in mid-command after ${silence} s of silence, ${name}`, async () => {
      const { raw, lost } = await during(pid => process.kill(pid, 'SIGSTOP'), options)
      expect(raw).to.be.instanceOf(MachineError)
      expect(raw.message).to.equal(`test machine was lost: no sign of life for ${silence} s, 3 questions unanswered`)
      expect(lost.reason).to.equal(raw)
    })
  }

  it('that is killed is noticed by its end, without a question, and by every command', async () => {
    const { raw, shell, later, lost } = await during(pid => process.kill(pid, 'SIGKILL'))
    expect(lost.reason).to.be.instanceOf(MachineError)
    expect(lost.reason.message).to.equal('test machine was lost: the connection was closed')
    expect(raw).to.equal(lost.reason)
    expect(shell.cause).to.equal(lost.reason)
    expect(shell.stdout).to.equal('before\n')
    expect(later[0]).to.equal(lost.reason)
    expect(later[1].cause).to.equal(lost.reason)
  })

  it('is not one that was silent for long, nor one that is busy', async () => {
    await using it = await connectToSshd({ keepaliveMs: 300 })
    const { $, exec, lost } = it.connection
    await exec('sleep 2') // longer than it takes to be lost
    await Promise.all(Array.from({ length: 100 }, () => $`true`))
    await exec('head -c 100000000 /dev/zero > /dev/null; head -c 30000000 /dev/zero')
    expect(lost.aborted).to.equal(false)
  })

  it('does not hold this process up', async () => {
    const script = `
      import { connectToSshd } from ${JSON.stringify(new URL('./sshd.ts', import.meta.url).href)}
      const it = await connectToSshd()
      await it.connection.exec('true')
      await it[Symbol.asyncDispose]()
      console.log(process.getActiveResourcesInfo().filter(name => name === 'Timeout').join() || 'nothing is waited for')`
    const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script])
    expect(stdout).to.equal('nothing is waited for')
  })
})
