import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { execa } from 'execa'
import { lock } from '../../../vm/image/lock.ts'

const never = new AbortController().signal
const source = join(import.meta.dirname, '../../../vm/image/lock.ts')

describe('vm/image/lock', () => {
  let dir: string
  let path: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'vethlab-test-'))
    path = join(dir, 'image.lock')
  })

  afterEach(() => rm(dir, { recursive: true }))

  it('is free again once it is disposed', async () => {
    for (let round = 0; round < 2; round++) {
      await using held = await lock(path, { signal: never })
      expect(held).to.have.property('path', path)
    }
  })

  it('is had by one at a time', async () => {
    await using _held = await lock(path, { signal: never })
    expect(await lock(path, { signal: never })).to.equal(undefined)
  })

  it('waits for the other to let go, and says so once', async () => {
    const events: string[] = []
    const first = await lock(path, { signal: never })
    const second = lock(path, { signal: never, waiting: () => events.push('waiting') }).then(held => {
      events.push('held')
      return held
    })
    await until(() => events.length > 0)
    await sleep(100) // long enough to see that nothing more is said
    events.push('let go')
    await first?.[Symbol.asyncDispose]()
    await using _second = await second
    expect(events).to.deep.equal(['waiting', 'let go', 'held'])
  })

  it('is free when its holder is killed', async () => {
    const script = `
      import { lock } from '${source}'
      await lock('${path}', { signal: new AbortController().signal })
      console.log('held')
      setInterval(() => {}, 1000)`
    const holder = execa(process.execPath, ['--input-type=module', '-e', script], { reject: false })
    await new Promise(resolve => holder.stdout.once('data', resolve))
    expect(await lock(path, { signal: never })).to.equal(undefined)

    holder.kill('SIGKILL')
    await holder
    await using held = await lock(path, { signal: never, waiting: () => {} })
    expect(held.path).to.equal(path)
  })

  it('stops waiting when it is told to', async () => {
    await using _held = await lock(path, { signal: never })
    const controller = new AbortController()
    const waiting = lock(path, { signal: controller.signal, waiting: () => controller.abort(new Error('enough')) })
    const error: unknown = await waiting.catch(reason => reason)
    expect(error).to.have.property('message', 'enough')
  })

  it('says why a file cannot be locked', async () => {
    const error: unknown = await lock(join(dir, 'nowhere/image.lock'), { signal: never }).catch(reason => reason)
    expect(error).to.have.property('message').that.includes('No such file or directory')
    expect(error).to.have.property('mend').that.includes('XDG_CACHE_HOME')
  })
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}
