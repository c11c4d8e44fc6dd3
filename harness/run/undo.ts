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

/** An empty stack of undos. `changed` is told what is not undone yet, in the order in which it would be run. */
export function undoStack(changed: (open: Undo[]) => void = () => {}): UndoStack {
  const pending: Undo[] = []
  const failed: Undo[] = []
  const tell = () => changed([...pending.toReversed(), ...failed])
  const remove = (index: number) => {
    if (index < 0) return
    pending.splice(index, 1)
    tell()
  }
  return {
    push(undo) {
      pending.push(undo)
      tell()
      return { done: () => remove(pending.indexOf(undo)) }
    },
    settle(command, machine) {
      remove(pending.findLastIndex(undo => undo.command === command && undo.machine === machine))
    },
    async unwind(run = undo => undo.run()) {
      const errors: unknown[] = []
      for (let undo = pending.at(-1); undo; undo = pending.at(-1)) {
        try {
          await run(undo)
        } catch (error) {
          errors.push(error)
          failed.push(undo)
        }
        // Only now: what is cut off in the midst of it is not undone.
        remove(pending.indexOf(undo))
      }
      return errors
    },
  }
}
