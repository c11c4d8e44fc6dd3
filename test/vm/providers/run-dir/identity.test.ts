import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { execa } from 'execa'
import { ageOf, identify, identifySelf, lifeOf } from '../../../../vm/providers/run-dir/identity.ts'

describe('the identity of a process', () => {
  it('holds while it lives, and for no other of its number, boot or PID namespace', async () => {
    const self = identifySelf()
    expect(self.pid).to.equal(process.pid)
    expect(lifeOf(self)).to.equal('alive')
    expect(lifeOf({ ...self, start: self.start - 1 })).to.equal('gone')
    expect(lifeOf({ ...self, boot: '00000000' })).to.equal('gone')
    expect(lifeOf({ ...self, pidNamespace: '1' })).to.equal('unknown')

    const child = spawn('sleep', ['60'], { stdio: 'ignore' })
    const identity = { ...self, ...(identify(child.pid ?? 0) ?? { pid: 0, start: 0 }) }
    expect(lifeOf(identity)).to.equal('alive')
    child.kill()
    await once(child, 'exit')
    expect(lifeOf(identity)).to.equal('gone')
  })

  it('has an age that no clock can change', async () => {
    const before = performance.now()
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' })
    await once(child, 'spawn')
    const after = performance.now()
    await pause(300)
    const identity = identify(child.pid ?? 0)
    const least = (performance.now() - after) / 1000
    const age = identity && ageOf(identity)
    const most = (performance.now() - before) / 1000
    child.kill()
    // Both are told in ticks.
    expect(age).to.be.within(least - 0.02, most + 0.02)
  })

  it('is refused where /proc shows other processes', async function () {
    if (process.getuid?.() !== 0) this.skip()
    const module = new URL('../../../../vm/providers/run-dir/identity.ts', import.meta.url)
    const script = `const { identifySelf } = await import('${module}')
      try { identifySelf(); console.log('identified') } catch ({ name, message }) { console.log(name, message) }`
    const command = [process.execPath, '--input-type=module', '-e', script]
    const { stdout: strange } = await execa('unshare', ['--pid', '--fork', ...command])
    expect(strange).to.equal('HostError /proc shows the processes of another PID namespace')
    const { stdout: own } = await execa('unshare', ['--pid', '--fork', '--mount-proc', ...command])
    expect(own).to.equal('identified')
  })
})
