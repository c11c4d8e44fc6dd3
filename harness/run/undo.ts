/** What `defer` registered and has not been undone yet. */
export interface Undo {
  /** The machine on which it is done, where the lab has several. */
  machine?: string | undefined
  /** The command as it will be run; undefined for a function. */
  command: string | undefined
  run(): Promise<unknown>
}

/** What `defer` returns: for a lab whose documented clean-up does by other means what was deferred. */
export interface Deferred {
  /** It is done already: it is not to be run. */
  done(): void
}

/** The pending undos of a lab, last first. */
export interface UndoStack {
  push(undo: Undo): Deferred
  /** A step has run this command itself (on this machine): what `defer` meant to do is done. */
  settle(command: string, machine?: string): void
  /** Runs all that is pending, last first, even when one fails; resolves to the errors in the order in which they came. */
  unwind(run?: (undo: Undo) => Promise<unknown>): Promise<unknown[]>
}

/** An empty stack of undos. */
export function undoStack(): UndoStack {
  const pending: Undo[] = []
  return {
    push(undo) {
      pending.push(undo)
      return {
        done() {
          const index = pending.indexOf(undo)
          if (index >= 0) pending.splice(index, 1)
        },
      }
    },
    settle(command, machine) {
      const index = pending.findLastIndex(undo => undo.command === command && undo.machine === machine)
      if (index >= 0) pending.splice(index, 1)
    },
    async unwind(run = undo => undo.run()) {
      const errors: unknown[] = []
      for (let undo = pending.pop(); undo; undo = pending.pop()) {
        try {
          await run(undo)
        } catch (error) {
          errors.push(error)
        }
      }
      return errors
    },
  }
}
