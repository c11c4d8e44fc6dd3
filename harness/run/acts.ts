import { setTimeout as pause } from 'node:timers/promises'
import type { ProcessOutput, ProcessPromise } from 'zx'
import type { RecordedCommand } from './commands.ts'

/** A command that failed, and the line of the lab that ran it. */
export type FailedCommand = RecordedCommand & { where: string }

/** The commands that a lab has started. */
export interface Acts {
  /** A command begins: `where` is the lab's line, `signal` what stops it. */
  begin(command: ProcessPromise, where: string, signal: AbortSignal): void
  /** One has ended, whether `begin` knows it or not (the end of a pipe, it doesn't). */
  end(command: RecordedCommand): void
  /** The command that this is the output of. */
  behind(output: ProcessOutput): FailedCommand | undefined
  /** The texts of those under this signal that still run. */
  running(signal: AbortSignal): string[]
  /** Waits until those under this signal, which has aborted, have ended; kills those that don't obey. */
  silence(signal: AbortSignal): Promise<void>
}

interface Act {
  promise: ProcessPromise
  where: string
  signal: AbortSignal
  ended: PromiseWithResolvers<void>
}

/** How long a command may take to end when it is told to, and then when it is killed. */
const obedienceMs = 1000

/** Keeps account of a lab's commands. */
export function acts(): Acts {
  const going = new Map<string, Act>()
  const failed: { promise: ProcessPromise | undefined; command: FailedCommand }[] = []
  // One that waits for somebody to say yes runs not yet.
  const running = (signal: AbortSignal) =>
    [...going.values()].filter(act => act.signal === signal && act.promise.stage === 'running')
  return {
    begin(promise, where, signal) {
      going.set(promise.id, { promise, where, signal, ended: Promise.withResolvers() })
    },
    end(command) {
      const act = going.get(command.id)
      going.delete(command.id)
      act?.ended.resolve()
      if (command.exitCode !== 0)
        failed.push({ promise: act?.promise, command: { ...command, where: act?.where ?? '' } })
    },
    behind(output) {
      return (failed.find(({ promise }) => promise?.output === output) ?? failed.at(-1))?.command
    },
    running: signal => running(signal).map(({ promise }) => promise.cmd),
    async silence(signal) {
      const obeyed = () =>
        Promise.race([Promise.all(running(signal).map(({ ended }) => ended.promise)), pause(obedienceMs)])
      await obeyed()
      for (const { promise } of running(signal)) promise.kill('SIGKILL').catch(() => {})
      await obeyed()
    },
  }
}
