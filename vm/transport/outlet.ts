import { Readable } from 'node:stream'

/** One of the command's output streams, fed by the session as fast as it is read. */
export class Outlet extends Readable {
  source: Readable | undefined
  #finished = false

  constructor() {
    super()
    // Whoever stops reading must not stop the session: its end would never come.
    this.once('close', () => this.source?.resume())
  }

  override _read(): void {
    this.source?.resume()
  }

  finish(): void {
    if (this.#finished || this.destroyed) return
    this.#finished = true
    this.push(null)
  }
}

/** What becomes of an output: read by the caller, thrown away, or printed by this process. */
export type Destination = 'pipe' | 'ignore' | 'inherit'

/** Sends an output where it belongs; gives it back if it is the caller's to read. */
export function direct(outlet: Outlet, destination: Destination, ours: NodeJS.WriteStream): Outlet | null {
  if (destination === 'pipe') return outlet
  if (destination === 'inherit') outlet.pipe(ours, { end: false })
  else outlet.resume()
  return null
}
