import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { framed, frameReader } from './framing.ts'

/** A frame as it passes the hub, with the name of the plug that it came in by. */
export type OnFrame = (from: string, frame: Uint8Array) => void

/**
 * A hub for QEMU's `netdev stream`: what comes in by one plug goes out by all others. Each plug is a unix socket of its own,
 * to which one QEMU connects: so who sent what is known without believing anybody.
 */
export interface Hub extends AsyncDisposable {
  /** Makes a plug at this path, has a QEMU connect to it, and resolves when it has; rejects as `connect` does. */
  plug(name: string, path: string, connect: () => Promise<unknown>): Promise<void>
  /** Tells each frame from now on, before it goes on; what it returns ends that. */
  listen(onFrame: OnFrame): () => void
}

interface End {
  socket: Socket
  /** It took nothing for a while: what is for it is dropped until it does again. */
  deaf: boolean
}

// What a machine hasn't taken yet; the others wait for it to be taken, but not for one that takes nothing (its link is off, or
// it has stopped): for that one, frames are dropped, as a switch does.
const mostQueued = 1 << 20
const patienceMs = 200

/** Starts a hub without plugs. `onFault` is told why a plug is of no use any more: it was closed, or sent what are no frames. */
export function startHub(onFault: (name: string, error: Error) => void): Hub {
  const listeners = new Set<OnFrame>()
  const servers: Server[] = []
  const plugs = new Map<string, End>()
  let waiting: NodeJS.Timeout | undefined
  let over = false

  const full = ({ socket }: End) => socket.writableLength >= mostQueued
  const waitedFor = (end: End) => full(end) && !end.deaf
  const goOn = () => {
    clearTimeout(waiting)
    waiting = undefined
    for (const { socket } of plugs.values()) socket.resume()
  }
  const wait = () => {
    for (const { socket } of plugs.values()) socket.pause()
    waiting ??= setTimeout(() => {
      for (const end of plugs.values()) end.deaf ||= full(end)
      goOn()
    }, patienceMs)
  }
  const pass = (from: string, frame: Uint8Array) => {
    for (const listener of listeners) listener(from, frame)
    const bytes = framed(frame)
    for (const [name, end] of plugs) {
      if (name === from || (end.deaf && full(end))) continue
      end.socket.write(bytes)
      if (waitedFor(end)) wait()
    }
  }

  const join = (name: string, socket: Socket) => {
    const end = { socket, deaf: false }
    plugs.set(name, end)
    const reader = frameReader()
    let fault: Error | undefined
    socket.on('data', piece => {
      try {
        for (const frame of reader.push(piece)) pass(name, frame)
      } catch (error) {
        socket.destroy(error as Error)
      }
    })
    socket.on('drain', () => {
      end.deaf = false
      if (![...plugs.values()].some(waitedFor)) goOn()
    })
    socket.on('error', error => {
      fault = error
    })
    socket.on('close', () => {
      plugs.delete(name)
      goOn()
      if (!over) onFault(name, fault ?? new Error('the connection was closed'))
    })
  }

  return {
    async plug(name, path, connect) {
      const server = createServer(socket => {
        // One QEMU a plug: nobody else has any business here.
        server.close()
        join(name, socket)
      })
      servers.push(server)
      server.listen(path)
      await once(server, 'listening')
      await Promise.all([once(server, 'connection'), connect()])
    },
    listen(onFrame) {
      listeners.add(onFrame)
      return () => void listeners.delete(onFrame)
    },
    async [Symbol.asyncDispose]() {
      over = true
      clearTimeout(waiting)
      for (const { socket } of plugs.values()) socket.destroy()
      for (const server of servers) server.close()
    },
  }
}
