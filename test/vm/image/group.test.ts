import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { execa } from 'execa'
import { startGroup } from '../../../vm/image/group.ts'

describe('vm/image/group', () => {
  it('tells how its program ended and what it said', async () => {
    const lines: string[] = []
    const failing = startGroup(['sh', '-c', 'echo one >&2; echo two >&2; exit 25'], {
      onLine: line => lines.push(line),
    })
    expect(await failing.ended).to.equal('exit code 25')
    expect([failing.said(), lines]).to.deep.equal(['one\ntwo', ['one', 'two']])
    expect(await startGroup(['sh', '-c', 'kill -TERM $$']).ended).to.equal('SIGTERM')
  })

  it('joins two programs by a pipe whose end the second sees', async () => {
    const second = startGroup(['sh', '-c', 'cat >&2'], { stdin: 'pipe' })
    const first = startGroup(['sh', '-c', 'echo through the pipe'], { stdout: second.child.stdin ?? 'ignore' })
    second.child.stdin?.destroy()
    expect([await first.ended, await second.ended, second.said()]).to.deep.equal([
      'exit code 0',
      'exit code 0',
      'through the pipe',
    ])
  })

  it('stops what its program has started, too', async () => {
    const group = startGroup(['sh', '-c', 'sleep 1000 & echo $! >&2; wait'])
    const pid = await firstLine(group.said)
    group.stop()
    expect(await group.ended).to.equal('SIGKILL')
    expect(await ended(pid)).to.equal(true)
  })

  it('ends, with what its program has started, when the process that started it is killed', async () => {
    const script = `
      import { startGroup } from '${join(import.meta.dirname, '../../../vm/image/group.ts')}'
      startGroup(['sh', '-c', 'sleep 1000 & echo $! $$ >&2; wait'], { onLine: line => console.log(line) })`
    const parent = execa(process.execPath, ['--input-type=module', '-e', script], { reject: false })
    let said = ''
    parent.stdout.on('data', chunk => {
      said += chunk
    })
    const pids = (await firstLine(() => said)).split(' ')
    parent.kill('SIGKILL')
    await parent
    expect(await Promise.all(pids.map(ended))).to.deep.equal([true, true])
  })
})

async function firstLine(said: () => string): Promise<string> {
  while (said() === '') await sleep(5)
  return said().split('\n')[0] ?? ''
}

/** Resolves when a process has ended; one that is dead but not yet waited for has. */
async function ended(pid: string): Promise<true> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
    if (stat === undefined || / Z /.test(stat)) return true
    await sleep(20)
  }
}
