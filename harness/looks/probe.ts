import type { Finished } from '../../vm/machine.ts'

/**
 * One way to observe the guest: a POSIX sh script that changes nothing, and the pure function that reads what it printed.
 * Probes are data, so that several can be sent in one round trip and looked at again until they show what is expected.
 */
export interface Probe<T> {
  /** For people, e.g. `link br01`. */
  title: string
  /** May be several lines; runs as root under `sh`, in the netns of the place that it is aimed at. */
  script: string
  /** Throws a LookError when the output can't be what the script prints. "Not there" is data (undefined, []), not an error. */
  parse(output: Finished): T
}

/** Where one looks from: the guest itself, one of its netns by name, or the netns of a container by name or id. */
export type Place = { netns: string } | { container: string } | 'guest'

/** A probe could not be read: the tool failed or printed what we do not understand. */
export class LookError extends Error {
  override readonly name = 'LookError'
}
