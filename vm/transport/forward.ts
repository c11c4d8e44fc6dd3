import { once } from 'node:events'
import { chmod, rm, stat } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Client } from 'ssh2'
import { HostError } from '../errors.ts'

/** Linux's sockaddr_un holds 107 bytes and an end mark. */
const longestPath = 107

/**
 * Listens on a unix socket, mode 0600, in a folder that nobody else may enter, each connection of which reaches a unix socket in the guest. A connection
 * that the guest refuses is closed at once, as an engine that isn't there would do it.
 */
export async function forwardUnix(
  client: Client,
  remotePath: string,
  localPath: string,
  openMs: number,
): Promise<AsyncDisposable> {
  if (Buffer.byteLength(localPath) > longestPath) {
    throw new HostError(`a socket's path is longer than ${longestPath} bytes: ${localPath}`, {
      mend: 'set TMPDIR or XDG_RUNTIME_DIR to a folder with a shorter path',
    })
  }
  if ((await stat(dirname(localPath))).mode & 0o077) {
    throw new HostError(`a socket's folder is open to others: ${dirname(localPath)}`, {
      mend: `chmod 700 ${dirname(localPath)}`,
    })
  }
  await rm(localPath, { force: true })
  const sockets = new Set<Socket>()
  // A client that has sent all (docker attach) still reads: half-open must stay half-open.
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    join(client, socket, remotePath, openMs)
  })
  await listen(server, localPath)
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function join(client: Client, socket: Socket, remotePath: string, openMs: number): void {
  const timer = setTimeout(() => socket.destroy(), openMs)
  try {
    client.openssh_forwardOutStreamLocal(remotePath, (error, channel) => {
      clearTimeout(timer)
      if (error) return socket.destroy()
      channel.on('error', () => socket.destroy())
      if (socket.destroyed) {
        channel.resume()
        channel.close()
        return
      }
      channel.on('close', () => socket.destroySoon())
      socket.on('close', () => {
        channel.resume()
        channel.close()
      })
      socket.pipe(channel).pipe(socket)
    })
  } catch {
    // ssh2 throws when the stream is gone.
    clearTimeout(timer)
    socket.destroy()
  }
}

/** Not by umask, which is the whole process's: whatever it writes meanwhile, a program too, would get that mode. */
async function listen(server: Server, path: string): Promise<void> {
  server.listen(path)
  await once(server, 'listening')
  await chmod(path, 0o600)
}
