import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { execa } from 'execa'

const module = new URL('../../../harness/cli/interrupt.ts', import.meta.url).href

/**
 * A process that is interruptible and says on stderr what befalls it; `cleanUpMs` after the abort it ends with exit code 7. `again`: how
 * often the signal comes once more, in the next turns.
 */
function interruptibleProcess(cleanUpMs: number, { again = 0 } = {}) {
  const script = `
    import { interruptible } from '${module}'
    const interrupt = interruptible(() => process.stderr.write('at once\\n'))
    interrupt.signal.addEventListener('abort', () => {
      process.stderr.write('aborted: ' + interrupt.signal.reason.message + '\\n')
      setTimeout(() => process.exit(7), ${cleanUpMs})
      const onceMore = left => setImmediate(() => {
        if (left === 0) return
        process.stderr.write('once more\\n')
        process.emit('SIGINT', 'SIGINT')
        onceMore(left - 1)
      })
      onceMore(${again})
    })
    setInterval(() => process.stdout.write('tick\\n'), 20)
    setTimeout(() => process.exit(9), 300_000)`
  return execa(process.execPath, ['--input-type=module', '-e', script], {
    reject: false,
    stdin: 'ignore',
    buffer: { stdout: false },
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
    // It sends the others itself, as nobody else can be sure to be in time.
    const child = interruptibleProcess(1000, { again: 2 })
    await started(child)
    child.kill('SIGINT')
    const { exitCode, stderr } = await child
    expect(stderr.match(/^once more$/gm)).to.have.length(2)
    expect(exitCode).to.equal(7)
  })

  it('the second Ctrl-C ends the process at once', async () => {
    const child = interruptibleProcess(200_000)
    await started(child)
    const aborted = once(child.stderr, 'data')
    child.kill('SIGINT')
    await aborted
    await pause(705) // what comes within 0.7 s counts as the same keypress
    child.kill('SIGINT')
    const { exitCode, stderr } = await child
    expect(stderr).to.match(/at once$/)
    expect(exitCode).to.equal(130)
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
