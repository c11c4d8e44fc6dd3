import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { errorOf, readSaid, type Said, textOf } from './said.ts'

/** How a vagrant command ended. */
export interface Ended {
  exitCode: number | null
  /** Vagrant's own class of the error, e.g. `Vagrant::Errors::BoxNotFound`; undefined where it named none. */
  kind: string | undefined
  /** All that it said to people, a line each. */
  lines: string[]
}

export interface VagrantOptions {
  env: Record<string, string>
  /** Told each text that Vagrant has for people, as it comes. */
  onText?(text: string): void
  /** Interrupts it: it then destroys what it was making, and ends. */
  signal?: AbortSignal
}

/** How long Vagrant may take to clean up when it is interrupted, in milliseconds. */
const obedienceMs = 60_000

/** Runs vagrant; resolves when it has ended, whatever its exit code, also after an interruption. */
export async function runVagrant(args: string[], { env, onText, signal }: VagrantOptions): Promise<Ended> {
  const command = ['vagrant', '--machine-readable', '--no-color', ...args]
  // If we are killed it is interrupted by the kernel, and cleans up as far as it can.
  const [file = '', ...rest] = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'INT', ...command] : command
  const child = spawn(file, rest, {
    // Detached: Ctrl-C in the terminal goes to us, and we decide.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      VAGRANT_CHECKPOINT_DISABLE: '1',
      VAGRANT_MAX_REBOOT_RETRY_DURATION: '600',
      VETHLAB_NODE: process.execPath,
      ...env,
    },
  })
  const exited = once(child, 'close')
  const said: Said[] = []
  const lines: string[] = []
  const hear = (line: string) => {
    const one = readSaid(line)
    if (one) said.push(one)
    const text = one ? textOf(one) : line
    if (text === undefined) return
    lines.push(...text.split('\n').filter(part => part.trim() !== ''))
    onText?.(text)
  }
  const heard = [child.stdout, child.stderr].map(async stream => {
    for await (const line of createInterface(stream)) hear(line)
  })

  let timer: NodeJS.Timeout | undefined
  const interrupt = () => {
    kill(child.pid, 'SIGINT')
    timer = setTimeout(() => kill(child.pid, 'SIGKILL'), obedienceMs)
  }
  signal?.addEventListener('abort', interrupt, { once: true })
  if (signal?.aborted) interrupt()
  try {
    const [exitCode] = (await exited) as [number | null]
    await Promise.all(heard)
    return { exitCode, kind: errorOf(said)?.kind, lines }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', interrupt)
  }
}

/** The whole group: Vagrant is a launcher and a Ruby on some systems. */
function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {} // It has ended.
}
