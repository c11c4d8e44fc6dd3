import { setTimeout as pause } from 'node:timers/promises'
import type { Frame } from './frame.ts'

/** What happens during a capture, and how long the capture goes on. */
export interface WatchOptions {
  /** What is captured: runs once all points listen. Its error is thrown when the capture has been put away. */
  while: () => Promise<unknown>
  /** Told all frames so far whenever some came: the capture goes on after `while` until this holds or `patienceMs` are over. */
  until?: (frames: Frame[]) => boolean
  /** How long to wait for `until` after `while` has ended, in ms. Default 5000, more where the guest is emulated. */
  patienceMs?: number
  /** How long to listen on after all that, in ms, where it is to be shown that nothing comes late. Default 0. */
  lingerMs?: number
}

/** A capture that goes on. */
export interface Watching {
  /** To be called whenever frames came. */
  news(): void
  /** Resolves when what is captured has happened, and enough has been seen or patience is over. */
  done(): Promise<void>
}

/** Prepares what happens during a capture; `soFar` gives the frames that were seen. */
export function watch(
  options: WatchOptions,
  { soFar, slowness, lost }: { soFar(): Frame[]; slowness: number; lost: AbortSignal[] },
): Watching {
  const enough = Promise.withResolvers<void>()
  return {
    news() {
      if (options.until?.(soFar())) enough.resolve()
    },
    async done() {
      await options.while()
      if (options.until)
        await withinPatience(enough.promise, options.patienceMs ?? patienceMs * Math.sqrt(slowness), lost)
      // A law of nature: that nothing comes is seen only by waiting.
      if (options.lingerMs) await pause(options.lingerMs)
    },
  }
}

const patienceMs = 5000

async function withinPatience(holds: Promise<void>, limitMs: number, lost: AbortSignal[]): Promise<void> {
  const over = new AbortController()
  const patience = pause(limitMs, undefined, { signal: AbortSignal.any([over.signal, ...lost]) })
  try {
    await Promise.race([holds, patience])
  } finally {
    over.abort()
    patience.catch(() => {})
  }
}
