import { createServer, connect as netConnect, type Socket } from 'node:net'
import { homedir } from 'node:os'
import { Duplex, PassThrough } from 'node:stream'
import { expect } from 'chai'
import { MachineError } from '../../../vm/errors.ts'
import { makeKeyPair } from '../../../vm/guest/keypair.ts'
import { connect } from '../../../vm/transport/connect.ts'
import { fingerprint, parseHostKeys } from '../../../vm/transport/host-key.ts'
import { connectToSshd, startSshd } from './sshd.ts'

const keys = makeKeyPair('nobody')
const nobody = { username: 'root', privateKey: keys.private, hostKey: keys.public }
const options = { name: 'box', readyMs: 60_000, signal: new AbortController().signal }
/** Two ends of a stream that nobody answers. */
const silence = () => Duplex.from({ readable: new PassThrough(), writable: new PassThrough() })
const failure = (promise: Promise<unknown>): Promise<MachineError> =>
  promise.then(
    () => expect.fail('it connected'),
    error => error,
  )

describe('connecting', () => {
  it('says that the machine did not come up, when no banner comes in time', async () => {
    const sock = silence()
    const error = await failure(connect(sock, nobody, { ...options, readyMs: 300 }))
    expect(error).to.be.instanceOf(MachineError)
    expect(error.message).to.equal('box did not come up: no SSH banner within 0.3 s')
    expect(sock.destroyed).to.equal(true)
  })

  it('waits for a banner that takes its time, over a stream that is no socket and never ends', async () => {
    await using sshd = await startSshd()
    const port = new Duplex({
      read: () => {},
      write: (chunk, _encoding, done) => sshd.sock.write(chunk, done),
    })
    setTimeout(() => sshd.sock.on('data', chunk => port.push(chunk)), 700)
    await using connection = await connect(port, sshd.login, { ...options, keepaliveMs: 1000 })
    expect((await connection.exec('echo here')).stdout).to.equal('here\n')
  })

  it('says so when the stream ends before the banner', async () => {
    const sock = new PassThrough()
    setTimeout(() => sock.end(), 50)
    const error = await failure(connect(sock, nobody, options))
    expect(error.message).to.equal('box closed the connection before its SSH banner came')
  })

  it('limits the handshake apart from the boot', async () => {
    const sockets: Socket[] = []
    const server = createServer(
      socket => sockets.push(socket.on('error', () => {})) && socket.write('SSH-2.0-Mute\r\n'),
    )
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const error = await failure(connect(netConnect(port, '127.0.0.1'), nobody, { ...options, handshakeMs: 300 }))
    expect(error.message).to.equal('box did not finish the handshake within 0.3 s')
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  it('refuses another host key and shows both fingerprints', async () => {
    await using sshd = await startSshd()
    const error = await failure(connect(sshd.sock, { ...sshd.login, hostKey: nobody.hostKey }, options))
    const print = (line: string) => fingerprint(parseHostKeys(line)[0]?.blob ?? Buffer.alloc(0))
    expect(error.message).to.equal(`box shows host key ${print(sshd.login.hostKey)}, expected ${print(nobody.hostKey)}`)
    expect(error.mend).not.to.equal('')
  })

  it('holds no small packet back', async () => {
    await using sshd = await startSshd()
    const ignore = () => {}
    const server = createServer(socket =>
      socket.on('error', ignore).pipe(sshd.sock.on('error', ignore)).pipe(socket),
    ).unref()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const sock = netConnect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, noDelay: false })
    const asked: (boolean | undefined)[] = []
    const setNoDelay = sock.setNoDelay.bind(sock)
    sock.setNoDelay = value => {
      asked.push(value)
      return setNoDelay(value)
    }
    const connection = await connect(sock, sshd.login, options)
    expect(asked).to.deep.equal([true])
    await connection[Symbol.asyncDispose]()
    server.close()
  })

  it('says that the machine refuses the key', async () => {
    await using sshd = await startSshd()
    const error = await failure(connect(sshd.sock, { ...sshd.login, privateKey: nobody.privateKey }, options))
    expect(error.message).to.equal('box refuses the key')
  })

  it('stops when it is aborted, before the banner and after', async () => {
    await using sshd = await startSshd()
    for (const sock of [silence(), sshd.sock]) {
      const stop = new AbortController()
      const connecting = failure(connect(sock, nobody, { ...options, signal: stop.signal }))
      setTimeout(() => stop.abort(new Error('enough')), 20)
      expect((await connecting).message).to.match(/enough|expected/)
      expect(sock.destroyed).to.equal(true)
    }
  })

  it('refuses a login shell that prints something by itself', async () => {
    await using sshd = await startSshd({
      before: `mount -t tmpfs tmpfs ${homedir()} && echo 'echo welcome' > ${homedir()}/.bashrc`,
      config: ['SetEnv SHLVL=0'],
    })
    const error = await failure(connect(sshd.sock, sshd.login, options))
    expect(error.message).to.equal('box has a login shell that prints "welcome\\n" by itself')
  })

  it('leaves no process and no listener behind when it is disposed', async () => {
    const it = await connectToSshd()
    const { sshd, connection } = it
    const gone = new Promise(resolve => sshd.sock.once('close', resolve))
    await connection[Symbol.asyncDispose]()
    await gone
    expect(connection.lost.aborted).to.equal(false)
    await it[Symbol.asyncDispose]()
  })

  it('ends the commands that still run when it is disposed', async () => {
    await using it = await connectToSshd()
    const mark = `vethlab-test-${process.pid}-${Date.now()}`
    const running = it.connection.$`exec -a ${mark} sleep 1000`.nothrow()
    const pgrep = () => it2.connection.exec(`pgrep -f '^${mark}' || true`)
    await using it2 = await connectToSshd()
    while ((await pgrep()).stdout === '');
    await it.connection[Symbol.asyncDispose]()
    expect((await running).signal).to.equal('SIGTERM')
    expect((await pgrep()).stdout).to.equal('')
  })
})
