import { once } from 'node:events'
import { access, chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer, get, type IncomingMessage } from 'node:http'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { HostError } from '../../../vm/errors.ts'
import { connectToSshd } from './sshd.ts'

const listening = async (server: Server, path: string) => {
  server.listen(path).unref()
  await once(server, 'listening')
  return server
}

describe('a forwarded socket', () => {
  let folder: string
  let it_: Awaited<ReturnType<typeof connectToSshd>>
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vethlab-forward-'))
    it_ = await connectToSshd()
  })
  afterEach(async () => {
    await it_[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  it('reaches an HTTP server in the guest, many times at once, and belongs to its owner alone', async () => {
    const web = await listening(
      createHttpServer((request, response) => response.end(`you asked ${request.url}`)),
      `${folder}/far`,
    )
    await it_.connection.forwardUnix(`${folder}/far`, `${folder}/near`)
    expect((await stat(`${folder}/near`)).mode & 0o777).to.equal(0o600)
    const ask = async (path: string) => {
      const [response] = (await once(get({ socketPath: `${folder}/near`, path }), 'response')) as [IncomingMessage]
      return text(response)
    }
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(`/${i}`)))
    expect(answers).to.deep.equal(Array.from({ length: 50 }, (_, i) => `you asked /${i}`))
    web.close()
  })

  it('keeps a connection half open: who has sent all still gets the answer', async () => {
    const counter = await listening(
      createServer({ allowHalfOpen: true }, socket => {
        text(socket).then(received => socket.end(`got ${received.length}`))
      }),
      `${folder}/far`,
    )
    await it_.connection.forwardUnix(`${folder}/far`, `${folder}/near`)
    const socket = connect({ path: `${folder}/near`, allowHalfOpen: true })
    socket.end('x'.repeat(10_000_000))
    expect(await text(socket)).to.equal('got 10000000')
    counter.close()
  })

  it('closes at once what the guest refuses', async () => {
    await it_.connection.forwardUnix(`${folder}/nobody`, `${folder}/near`)
    expect(await text(connect(`${folder}/near`))).to.equal('')
  })

  it('takes the place of one that a dead process left, and goes when the connection goes', async () => {
    const stale = await listening(createServer(), `${folder}/stale`)
    await it_.connection.forwardUnix(`${folder}/far`, `${folder}/stale`)
    const open = connect(`${folder}/stale`).on('error', () => {})
    const closed = new Promise(resolve => open.on('close', resolve))
    await it_.connection[Symbol.asyncDispose]()
    expect(await access(`${folder}/stale`).catch(error => error.code)).to.equal('ENOENT')
    await closed
    stale.close()
  })

  it('breaks off when the machine is lost', async () => {
    const silent = await listening(
      createServer(socket => socket.on('error', () => {})),
      `${folder}/far`,
    )
    await it_.connection.forwardUnix(`${folder}/far`, `${folder}/near`)
    const socket = connect(`${folder}/near`).on('error', () => {})
    const closed = new Promise(resolve => socket.resume().on('close', resolve))
    await once(socket, 'connect')
    await setTimeout(100)
    process.kill(it_.sshd.pid, 'SIGKILL')
    await closed
    silent.close()
  })

  it('gives up a connection that does not open in time', async () => {
    await using frozen = await connectToSshd({ openMs: 300, questions: 1000 })
    await frozen.connection.forwardUnix(`${folder}/far`, `${folder}/near`)
    process.kill(frozen.sshd.pid, 'SIGSTOP')
    const start = Date.now()
    expect(await text(connect(`${folder}/near`))).to.equal('')
    expect(Date.now() - start).to.be.at.least(290)
    expect(frozen.connection.lost.aborted).to.equal(false)
    process.kill(frozen.sshd.pid, 'SIGCONT')
  })

  it('changes no mode of what is written meanwhile', async () => {
    const programs = Promise.all(
      Array.from({ length: 500 }, async (_, i) => {
        await setTimeout(i % 50)
        await writeFile(`${folder}/${i}`, '', { mode: 0o755 })
        return (await stat(`${folder}/${i}`)).mode & 0o777
      }),
    )
    for (let i = 0; i < 50; i++) await it_.connection.forwardUnix(`${folder}/far`, `${folder}/near${i}`)
    expect(new Set(await programs)).to.deep.equal(new Set([0o755]))
  })

  it('in a folder that others may enter is refused, with the remedy', async () => {
    await chmod(folder, 0o755)
    const error = await it_.connection.forwardUnix(`${folder}/far`, `${folder}/near`).catch(reason => reason)
    expect(error).to.be.instanceOf(HostError)
    expect(error.mend).to.equal(`chmod 700 ${folder}`)
  })

  it('whose path is too long is refused, with the remedy', async () => {
    const long = `${folder}/${'x'.repeat(100)}`
    const error = await it_.connection.forwardUnix('/run/docker.sock', long).catch(reason => reason)
    expect(error).to.be.instanceOf(HostError)
    expect(error.mend).to.contain('TMPDIR')
  })
})
