import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A program and whatever it starts: all of it ends when it is stopped, and when this process ends, even if that is killed. */
export interface Group {
  child: ChildProcess
  /** How the program ended: `exit code 25`, `SIGKILL`. */
  ended: Promise<string>
  /** The end of what it wrote to stderr. */
  said(): string
  stop(): void
}

export interface GroupOptions {
  stdin?: 'ignore' | 'pipe'
  /** Another program's stdin, for a pipe between the two. */
  stdout?: 'ignore' | NonNullable<ChildProcess['stdin']>
  env?: NodeJS.ProcessEnv
  /** Told each line of stderr. */
  onLine?: (line: string) => void
}

export const success = 'exit code 0'

/** Starts a program in a process group of its own, so that Ctrl-C at the terminal reaches us alone. */
export function startGroup(command: string[], options: GroupOptions = {}): Group {
  const { stdin = 'ignore', stdout = 'ignore', env = process.env, onLine } = options
  const stdio = [stdin, stdout, 'pipe', 'pipe'] as const
  const child = spawn('sh', ['-c', watched, 'sh', ...command], { stdio: [...stdio], detached: true, env })
  child.once('exit', () => child.stdio[3]?.destroy())
  const ended = once(child, 'close').then(([code, signal]) => signal ?? `exit code ${code}`)
  ended.catch(() => {})

  const lines: string[] = []
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', line => {
      if (lines.push(line) > mostLines) lines.shift()
      onLine?.(line)
    })
  }
  return { child, ended, said: () => lines.join('\n'), stop: () => child.stdio[3]?.destroy() }
}

/**
 * The pipe at 3 comes from us and is never written to: it ends when we close it or end ourselves, and the group then
 * dies, the watcher with it. (A parent-death signal would reach the program alone, not what it has started.) The
 * watcher holds none of the program's other pipes, whose ends would not be seen.
 */
const watched = '(cat <&3; kill -s KILL -- -$$) < /dev/null > /dev/null 2>&1 & exec "$@" 3<&-'

const mostLines = 2000
