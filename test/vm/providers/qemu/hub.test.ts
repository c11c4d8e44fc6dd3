import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { framed, frameReader } from '../../../../vm/providers/qemu/framing.ts'
import { type Hub, startHub } from '../../../../vm/providers/qemu/hub.ts'

const frame = (text: string) => Buffer.from(text.padEnd(60, '.'))

describe('a hub', () => {
  let folder: string
  let hub: Hub
  let faults: string[]
  const ends = new Map<string, { socket: Socket; heard: string[] }>()

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vethlab-hub-'))
    faults = []
    hub = startHub((name, error) => faults.push(`${name}: ${error.message}`))
    ends.clear()
    for (const name of ['alpha', 'beta', 'gamma']) {
      const path = join(folder, name)
      await hub.plug(name, path, async () => {
        const socket = connect(path)
        const reader = frameReader()
        const heard: string[] = []
        socket.on('data', piece => {
          for (const one of reader.push(piece)) heard.push(Buffer.from(one).toString().replace(/\.+$/, ''))
        })
        ends.set(name, { socket, heard })
      })
    }
  })

  afterEach(async () => {
    await hub[Symbol.asyncDispose]()
    for (const { socket } of ends.values()) socket.destroy()
    await rm(folder, { recursive: true })
  })

  const end = (name: string) => ends.get(name) ?? expect.fail(name)
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise(resolve => setTimeout(resolve, 5))
  }

  it('passes a frame on to all others, and says who sent it', async () => {
    const seen: string[] = []
    const stop = hub.listen((from, bytes) => seen.push(`${from} ${Buffer.from(bytes).toString().replace(/\.+$/, '')}`))
    end('alpha').socket.write(framed(frame('one')))
    await until(() => end('gamma').heard.length === 1 && end('beta').heard.length === 1)
    stop()
    end('beta').socket.write(framed(frame('two')))
    await until(() => end('alpha').heard.length === 1)
    expect(end('beta').heard).to.deep.equal(['one'])
    expect(end('alpha').heard).to.deep.equal(['two'])
    expect(seen).to.deep.equal(['alpha one'])
  })

  it('ends the plug that sends what are no frames, and only that', async () => {
    end('alpha').socket.write(Buffer.alloc(8))
    await until(() => faults.length > 0)
    end('beta').socket.write(framed(frame('still')))
    await until(() => end('gamma').heard.length === 1)
    expect(faults).to.deep.equal(["alpha: a frame of 0 octets can't be"])
  })

  it('says when a plug is closed, but not when it is itself put away', async () => {
    end('gamma').socket.destroy()
    await until(() => faults.length > 0)
    await hub[Symbol.asyncDispose]()
    await once(end('alpha').socket, 'close')
    expect(faults).to.deep.equal(['gamma: the connection was closed'])
  })

  it('keeps a sender waiting for one that is slow, but not for one that takes nothing', async () => {
    const sizeMb = 0.06
    const sent = framed(Buffer.alloc(sizeMb * 1e6, 1))
    end('gamma').socket.pause()
    for (let count = 0; count < 200; count++) {
      if (!end('alpha').socket.write(sent)) await once(end('alpha').socket, 'drain')
    }
    await until(() => end('beta').heard.length === 200)
    end('gamma').socket.resume()
    // Once it has taken what is queued, it hears again.
    await until(() => end('alpha').socket.write(framed(frame('late'))) && end('gamma').heard.includes('late'))
    const large = end('gamma').heard.filter(text => text !== 'late')
    // A megabyte in the hub, and what the system's own buffers hold.
    expect(large.length * sizeMb).to.be.within(1, 4)
  })

  it('takes one connection a plug', async () => {
    const intruder = connect(join(folder, 'alpha'))
    const [error] = await once(intruder, 'error')
    expect(error.code).to.match(/ENOENT|ECONNREFUSED/)
  })
})
