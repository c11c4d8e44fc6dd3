import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { HostError } from '../errors.ts'
import { mendMissing } from './tools.ts'

/** A lock that is held until it is disposed, or until this process ends, whatever ends it. */
export interface Lock extends AsyncDisposable {
  readonly path: string
}

/**
 * Locks the file at `path`, which is made if need be and stays behind, empty. While another process holds the lock,
 * `waiting` is called once and the promise stays open; without `waiting` it resolves to undefined instead.
 */
export async function lock(path: string, options: { signal: AbortSignal; waiting(): void }): Promise<Lock>
export async function lock(path: string, options: { signal: AbortSignal }): Promise<Lock | undefined>
export async function lock(
  path: string,
  { signal, waiting }: { signal: AbortSignal; waiting?(): void },
): Promise<Lock | undefined> {
  const free = await flock(path, ['--nonblock'], signal)
  if (free || !waiting) return free
  waiting()
  return await flock(path, [], signal)
}

const heldByAnother = 75

/**
 * Node has no flock(2): a child holds the lock for us. It ends when its stdin does, that is when this process ends, and
 * the kernel then frees the lock.
 */
async function flock(path: string, flags: string[], signal: AbortSignal): Promise<Lock | undefined> {
  signal.throwIfAborted()
  // --no-fork: cat replaces flock, so that there is one process to end.
  const args = [
    '--no-fork',
    '--conflict-exit-code',
    String(heldByAnother),
    ...flags,
    path,
    'sh',
    '-c',
    'echo; exec cat',
  ]
  // Of a session of its own: Ctrl-C at the terminal must not free the lock before what it protects has been stopped.
  const child = spawn('flock', args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const ended = once(child, 'close')
  ended.catch(() => {})
  const held = once(child.stdout, 'data')
  held.catch(() => {})
  const said = collect(child)
  const abort = () => child.kill('SIGKILL')
  signal.addEventListener('abort', abort)
  try {
    const outcome = await Promise.race([
      held.then(() => 'held' as const),
      ended.then(([code]) => code as number | null),
    ])
    if (outcome === 'held') return { path, [Symbol.asyncDispose]: () => release(child, ended) }
    signal.throwIfAborted()
    if (outcome === heldByAnother) return undefined
    throw new HostError(`${path} can't be locked: ${said().trim()}`, {
      mend: 'set XDG_CACHE_HOME to a folder on a local file system that you can write',
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw mendMissing(['flock'])
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function collect(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  return () => text
}

async function release(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.stdin?.end()
  await ended
}
