import { expect } from 'chai'
import { webServer } from '../../../harness/containers/web-server.ts'
import { dockerOn } from '../../../harness/docker.ts'
import type { Machine } from '../../../vm/machine.ts'
import { containers, startWithEngine } from './engines.ts'

describe('web servers that testcontainers starts in guests of different engines', function () {
  this.timeout(120_000)
  let trixie: Machine
  let bookworm: Machine
  before(async function () {
    this.timeout(0) // An image may have to be built.
    if (process.getuid?.() !== 0) this.skip()
    trixie = await startWithEngine('trixie')
    bookworm = await startWithEngine('bookworm')
  })
  after(async () => {
    await trixie?.[Symbol.asyncDispose]()
    await bookworm?.[Symbol.asyncDispose]()
  })

  it('start one after another and at once', async () => {
    for (const machine of [trixie, bookworm, trixie]) {
      const web = await webServer(machine, 'turn')
      expect((await machine.exec(`curl -s http://${web.addresses.bridge}/whoami`)).exitCode).to.equal(0)
      await web.stop()
    }
    await Promise.all([
      webServer(trixie, 'one'),
      webServer(bookworm, 'two'),
      webServer(trixie, 'three'),
      webServer(bookworm, 'four'),
    ])
    expect(await containers(trixie)).to.deep.equal(['one', 'three'])
    expect(await containers(bookworm)).to.deep.equal(['four', 'two'])
  })

  it("needs an API version of the engine's: 1.41 in 20.10", async () => {
    expect((await dockerOn(bookworm)).modem).to.include({ version: 'v1.41' })
    expect((await dockerOn(trixie)).modem).to.include({ version: 'v1.45' })
    expect(await dockerOn(trixie)).to.equal(await dockerOn(trixie))
  })
})
