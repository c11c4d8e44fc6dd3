import { keyOf, labOf, type RunEvent } from '../events.ts'

/** Events of labs that go on side by side, put into the labs' order. */
export interface InOrder {
  on(event: RunEvent): void
  /** Tells what is held back. */
  flush(): void
}

/**
 * Tells one lab after another, whole, in the order in which they were asked for: the first that is not over is told as it
 * happens, what others do meanwhile when it is their turn.
 */
export function inOrder(tell: (event: RunEvent) => void): InOrder {
  const heldBack = new Map<string, RunEvent[]>()

  /** The turn is of the lab that stands first. */
  function tellFirst(): void {
    for (const [name, events] of heldBack) {
      for (const event of events.splice(0)) {
        tell(event)
        if (event.type === 'lab-ended') heldBack.delete(name)
      }
      if (heldBack.has(name)) return
    }
  }
  function flush(): void {
    for (const event of [...heldBack.values()].flat()) tell(event)
    heldBack.clear()
  }

  return {
    on(event) {
      if (event.type === 'run-started') {
        for (const one of event.runs) heldBack.set(keyOf(one), [])
      }
      if (event.type === 'run-ended') flush()
      const of = labOf(event)
      const events = of && heldBack.get(keyOf(of))
      if (!events) return tell(event)
      events.push(event)
      tellFirst()
    },
    flush,
  }
}
