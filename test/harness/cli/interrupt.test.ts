import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { execa } from 'execa'

const module = new URL('../../../harness/cli/interrupt.ts', import.meta.url).href

/** A process that is interruptible and says on stderr what befalls it; `cleanUpMs` after the abort it ends with exit code 7. */
function interruptibleProcess(cleanUpMs: number, options: { stdout?: 'pipe' | 'ignore' } = {}) {
  const script = `
    import { interruptible } from '${module}'
    const interrupt = interruptible(() => process.stderr.write('at once\\n'))
    interrupt.signal.addEventListener('abort', () => {
      process.stderr.write('aborted: ' + interrupt.signal.reason.message + '\\n')
      setTimeout(() => process.exit(7), ${cleanUpMs})
    })
    setInterval(() => process.stdout.write('tick\\n'), 20)
    setTimeout(() => process.exit(9), 300_000)`
  return execa(process.execPath, ['--input-type=module', '-e', script], {
    reject: false,
    stdin: 'ignore',
    buffer: { stdout: false },
    ...options,
  })
}

async function started(child: ReturnType<typeof interruptibleProcess>): Promise<void> {
  await new Promise(resolve => child.stdout?.once('data', resolve))
}

describe('interrupting', () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`the first ${signal} aborts the run, which then ends by itself`, async () => {
      const child = interruptibleProcess(50)
      await started(child)
      child.kill(signal)
      const { exitCode, stderr } = await child
      expect(stderr).to.include(`aborted: interrupted by ${signal}`)
      expect(exitCode).to.equal(7)
    })
  }

  it('one Ctrl-C that arrives several times counts once', async () => {
    const child = interruptibleProcess(1000)
    await started(child)
    for (let i = 0; i < 3; i++) {
      child.kill('SIGINT')
      await pause(50)
    }
    expect(await child).to.include({ exitCode: 7 })
  })

  it('the second Ctrl-C ends the process at once', async () => {
    const child = interruptibleProcess(5000)
    await started(child)
    child.kill('SIGINT')
    await pause(900)
    child.kill('SIGINT')
    const { exitCode, stderr, durationMs } = await child
    expect(stderr).to.match(/at once$/)
    expect(exitCode).to.equal(130)
    expect(durationMs).to.be.below(4000)
  })

  it('a reader that goes away aborts the run, without a word of its own', async () => {
    const child = interruptibleProcess(50)
    await started(child)
    child.stdout?.destroy()
    const { exitCode, stderr } = await child
    expect(stderr).to.equal('aborted: nobody reads our output any more')
    expect(exitCode).to.equal(7)
  })
})
