import type { Machine } from '../../vm/machine.ts'
import { inWords, type ResolvedPlace } from '../looks/place.ts'
import type { Place } from '../looks/probe.ts'
import type { Frame } from './frame.ts'
import { type Listener, listen, stop } from './listener.ts'
import { type WatchOptions, watch } from './watch.ts'

/** Where to capture: an interface of a place (the guest, where none is named); a bare name is an interface of the guest. */
export type CapturePoint = string | { on: string; in?: Place; as?: string }

export interface CaptureOptions extends WatchOptions {
  /** In tcpdump's own syntax, for all points: 'host 114.114.114.114 and icmp'. */
  filter?: string
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
  const watching = watch(options, { soFar, slowness: machine.slowness, lost: [machine.lost] })
  try {
    const starting = listed.map(async ({ on, in: place = 'guest', as }) => {
      const at = as ?? `${on}${inWords(place)}`
      listeners.push(
        await listen(machine, { at, on, place: await resolve(place), filter: options.filter ?? '' }, watching.news),
      )
    })
    // All of them are waited for even if one fails, so that none is forgotten.
    for (const started of await Promise.allSettled(starting)) if (started.status === 'rejected') throw started.reason
    listeners.sort((a, b) => order(a) - order(b))
    await watching.done()
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

function merged(listeners: Listener[]): Frame[] {
  return listeners
    .flatMap(({ caught }) => caught)
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .map(({ frame }) => frame)
}
