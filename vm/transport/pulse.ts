import type { Duplex } from 'node:stream'

/** How many silent intervals in a row mean that a lab's machine is frozen. */
export const silentIntervals = 3

/**
 * Calls `onSilence` once, when nothing has come through the stream for so many intervals in a row, although the client
 * asks for a sign of life in each. Whatever comes counts: a reply may queue behind megabytes of output.
 *
 * Intervals are counted, not the clock read: after this process itself was stopped, or the laptop slept, one interval
 * has passed and what came meanwhile is read before the next.
 */
export function watchPulse(
  sock: Duplex,
  { intervalMs, intervals, onSilence }: { intervalMs: number; intervals: number; onSilence: () => void },
): () => void {
  let heard = true
  let silent = 0
  const hear = () => {
    heard = true
  }
  const timer = setInterval(() => {
    silent = heard ? 0 : silent + 1
    heard = false
    if (silent < intervals) return
    stop()
    onSilence()
  }, intervalMs)
  sock.on('data', hear)
  const stop = () => {
    clearInterval(timer)
    sock.off('data', hear)
  }
  return stop
}
