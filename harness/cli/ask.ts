import { createInterface } from 'node:readline/promises'
import { InterruptedError } from '../run/failure.ts'
import type { Interrupt } from './interrupt.ts'

/**
 * Asks before each command, on the terminal: Enter runs it, `c` runs it and all that follow, `q` stops the run.
 * Rejects when the run has been stopped.
 */
export function asker({ signal, stop }: Pick<Interrupt, 'signal' | 'stop'>): (command: string) => Promise<void> {
  let goOn = false
  return async command => {
    if (goOn) return
    using lines = createInterface({ input: process.stdin, output: process.stderr })
    // readline takes Ctrl-C from the terminal and keeps it, unless it is passed on.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    const answer = (
      await lines.question(`   next: ${command}\n   [Enter] run it  [c] run all  [q] stop  `, { signal })
    ).trim()
    if (answer === 'q') stop(new InterruptedError('stopped before a command, as asked'))
    signal.throwIfAborted()
    goOn = answer === 'c'
  }
}
