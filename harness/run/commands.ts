import type { LogEntry } from 'zx'
import type { CommandEnded } from '../events.ts'

/** A command that ended, as zx's log told it; `id` is zx's own of the process. */
export type RecordedCommand = Omit<CommandEnded, 'type' | 'lab' | 'step' | 'phase'> & { id: string }

/**
 * A `log` for zx's `$` that follows each command from its start to its end. `onStart` returns what it wants back in
 * `onEnd`, e.g. the step in which the command started: a command may end after it.
 */
export function commandLog<T>(onStart: (command: string) => T, onEnd: (command: RecordedCommand, context: T) => void) {
  const running = new Map<string, { command: string; context: T; stdout: Buffer[]; stderr: Buffer[] }>()
  return (entry: LogEntry): void => {
    if (entry.kind === 'cmd') {
      running.set(entry.id, { command: entry.cmd, context: onStart(entry.cmd), stdout: [], stderr: [] })
    } else if (entry.kind === 'stdout' || entry.kind === 'stderr') {
      running.get(entry.id)?.[entry.kind].push(Buffer.from(entry.data))
    } else if (entry.kind === 'end') {
      const found = running.get(entry.id)
      if (!found) return
      running.delete(entry.id)
      const { command, context, stdout, stderr } = found
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8')
      onEnd(
        {
          id: entry.id,
          command,
          exitCode: entry.exitCode,
          signal: entry.signal,
          stdout: text(stdout),
          stderr: text(stderr),
          ms: entry.duration,
        },
        context,
      )
    }
  }
}
