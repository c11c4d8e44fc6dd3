import type { Machine } from '../../vm/machine.ts'
import type { ResolvedPlace } from '../looks/place.ts'
import type { Place } from '../looks/probe.ts'
import type { Frame } from './frame.ts'

/** Where to capture: an interface of a place. A bare name is an interface of the guest. */
export type CapturePoint = string | { on: string; in?: Place; as?: string }

export interface CaptureOptions {
  /** In tcpdump's own syntax, for all points: 'host 114.114.114.114 and icmp'. */
  filter?: string
  /** What is captured: runs once all points listen; its error is thrown when the capture has been put away. */
  while: () => Promise<unknown>
  /** Told all frames so far whenever one comes; the capture lasts until this holds, or `patienceMs` after `while` ended. */
  until?: (frames: Frame[]) => boolean
  /** How long to wait for `until` after `while` has ended, in ms. Default 5000. */
  patienceMs?: number
  /** How long to go on after `while` (and `until`) where something late must be shown not to come, in ms. Default 0. */
  lingerMs?: number
}

/** Captures at all points while something happens. */
export async function capture(
  machine: Machine,
  resolve: (place: Place) => Promise<ResolvedPlace>,
  points: CapturePoint | CapturePoint[],
  options: CaptureOptions,
): Promise<Frame[]> {
  void [machine, resolve, points, options]
  throw new Error('not yet')
}
