import { spawn } from 'node:child_process'
import type { GuestShell, TerminalRequest } from '../../vm/transport/terminal.ts'

/** The terminal that this process is typed into, as a guest's shell is to see it; undefined where it is none. */
export function ownTerminal(): TerminalRequest | undefined {
  const { stdin, stdout } = process
  if (!stdin.isTTY || !stdout.isTTY) return undefined
  return { type: process.env.TERM || 'vt100', columns: stdout.columns || 80, rows: stdout.rows || 24 }
}

/**
 * Joins a guest's shell to this process' terminal, or to its pipes, until the shell ends; resolves to its exit code. The
 * terminal is given back as it was, whatever ends this: the shell, the machine, the signal, or this process' own end.
 */
export async function attach(shell: GuestShell, { signal }: { signal: AbortSignal }): Promise<number> {
  const { stdin, stdout, stderr } = process
  const raw = ownTerminal() !== undefined
  const guard = raw ? guardTerminal() : undefined
  const resize = () => shell.resize({ columns: stdout.columns, rows: stdout.rows })
  let whole = false
  try {
    if (raw) {
      await guard?.ready
      // From here on every key, Ctrl-C too, is the guest's.
      stdin.setRawMode(true)
      stdout.on('resize', resize)
      resize() // it may have changed while the machine started
    }
    stdin.pipe(shell.stream)
    shell.stream.pipe(stdout, { end: false })
    shell.stderr.pipe(stderr, { end: false })
    const exitCode = await endedOrAborted(shell, signal)
    whole = true
    return exitCode
  } finally {
    stdin.unpipe(shell.stream).pause()
    stdout.off('resize', resize)
    if (raw) {
      // A full-screen program that was cut off has left the terminal its own way.
      if (!whole) stdout.write(plainScreen)
      stdin.setRawMode(false)
    }
    guard?.dismiss()
  }
}

async function endedOrAborted(shell: GuestShell, signal: AbortSignal): Promise<number> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await Promise.race([shell.ended, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Main screen, visible cursor, no mouse, no bracketed paste, plain keys, plain colours; on a line of its own. */
const plainScreen =
  '\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[0m\r\n'

/**
 * Somebody who gives the terminal back if this process is killed and can't: a child that holds its settings. Of a
 * session of its own, as the terminal would stop one in the background that changes its settings.
 */
function guardTerminal(): { ready: Promise<void>; dismiss(): void } {
  const child = spawn('sh', ['-c', guardian], { stdio: ['inherit', 'pipe', 'ignore', 'pipe'], detached: true })
  const ready = new Promise<void>(resolve => {
    child.stdout?.once('data', () => resolve())
    child.once('error', () => resolve()).once('exit', () => resolve())
  })
  const pipe = child.stdio[3]
  pipe?.on('error', () => {})
  child.unref()
  return {
    ready,
    dismiss: () => {
      if (pipe && 'end' in pipe) pipe.end('done\n')
    },
  }
}

const guardian = `settings=$(stty -g) || exit
echo
read -r done <&3 || { stty "$settings"; printf '${plainScreen.replaceAll('\x1b', '\\033').replace('\r\n', '\\r\\n')}' >&0; }`
