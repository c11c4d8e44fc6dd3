import { setTimeout as pause } from 'node:timers/promises'
import type { Machine } from '../../vm/machine.ts'
import { inWords, type ResolvedPlace } from '../looks/place.ts'
import type { Place } from '../looks/probe.ts'
import type { Frame } from './frame.ts'
import { type Listener, listen, stop } from './listener.ts'

/** Where to capture: an interface of a place (the guest, where none is named); a bare name is an interface of the guest. */
export type CapturePoint = string | { on: string; in?: Place; as?: string }

export interface CaptureOptions {
  /** In tcpdump's own syntax, for all points: 'host 114.114.114.114 and icmp'. */
  filter?: string
  /** What is captured: runs once all points listen. Its error is thrown when the capture has been put away. */
  while: () => Promise<unknown>
  /** Told all frames so far whenever some came: the capture goes on after `while` until this holds or `patienceMs` are over. */
  until?: (frames: Frame[]) => boolean
  /** How long to wait for `until` after `while` has ended, in ms. Default 5000, more where the guest is emulated. */
  patienceMs?: number
  /** How long to listen on after all that, in ms, where it is to be shown that nothing comes late. Default 0. */
  lingerMs?: number
}

/**
 * Captures at all points while something happens; resolves to all frames by time (of equals, in the order of the points).
 * All that passed before `while` and `until` ended is there. Throws a LookError when a point can't be listened at, or
 * when the kernel dropped frames.
 */
export async function capture(
  machine: Machine,
  resolve: (place: Place) => Promise<ResolvedPlace>,
  points: CapturePoint | CapturePoint[],
  options: CaptureOptions,
): Promise<Frame[]> {
  const listed = (Array.isArray(points) ? points : [points]).map(point =>
    typeof point === 'string' ? { on: point } : point,
  )
  const listeners: Listener[] = []
  const soFar = () => merged(listeners)
  const enough = Promise.withResolvers<void>()
  const judge = () => {
    if (options.until?.(soFar())) enough.resolve()
  }
  try {
    const starting = listed.map(async ({ on, in: place = 'guest', as }) => {
      const at = as ?? `${on}${inWords(place)}`
      listeners.push(
        await listen(machine, { at, on, place: await resolve(place), filter: options.filter ?? '' }, judge),
      )
    })
    // All of them are waited for even if one fails, so that none is forgotten.
    for (const started of await Promise.allSettled(starting)) if (started.status === 'rejected') throw started.reason
    listeners.sort((a, b) => order(a) - order(b))
    await options.while()
    if (options.until)
      await withinPatience(enough.promise, options.patienceMs ?? patienceMs * Math.sqrt(machine.slowness), machine.lost)
    // A law of nature: that nothing comes is seen only by waiting.
    if (options.lingerMs) await pause(options.lingerMs)
  } catch (error) {
    await stop(machine, listeners).catch(() => {})
    throw error
  }
  await stop(machine, listeners)
  return soFar()

  function order(listener: Listener): number {
    return listed.findIndex(({ on, in: place = 'guest', as }) => listener.at === (as ?? `${on}${inWords(place)}`))
  }
}

const patienceMs = 5000

async function withinPatience(holds: Promise<void>, limitMs: number, lost: AbortSignal): Promise<void> {
  const over = new AbortController()
  const patience = pause(limitMs, undefined, { signal: AbortSignal.any([over.signal, lost]) })
  try {
    await Promise.race([holds, patience])
  } finally {
    over.abort()
    patience.catch(() => {})
  }
}

function merged(listeners: Listener[]): Frame[] {
  return listeners
    .flatMap(({ caught }) => caught)
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .map(({ frame }) => frame)
}
