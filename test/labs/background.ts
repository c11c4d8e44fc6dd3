import { availableParallelism } from 'node:os'
import { sideBySide } from '../../harness/run/side-by-side.ts'

/*
 * Runs of labs mostly wait: for ARP, for pings that stay unanswered, for patience to end. So those of all test files begin
 * together with the first test that needs one, and two a core go on at once; with three, a slow host falls behind the
 * labs' clocks.
 */

/** How long a test may wait until it is its run's turn and the run is over, in ms: there are hundreds. */
export const turnMs = 60 * 60_000

const atOnce = 2 * availableParallelism()
const waiting: { work: () => Promise<void>; long: boolean }[] = []
let begun = false

/**
 * Something to be done in the background once `beginAll` is called; the function returned waits for its outcome.
 * What takes `long` comes before the rest.
 */
export function inBackground<T>(work: () => Promise<T>, { long = false } = {}): () => Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  promise.catch(() => {})
  waiting.push({ work: () => work().then(resolve, reject), long })
  return () => promise
}

/** Begins what waits. */
export function beginAll(): void {
  if (begun) return
  begun = true
  const [long, rest] = [waiting.filter(({ long }) => long), waiting.filter(({ long }) => !long)]
  void sideBySide([...long, ...rest], { jobs: atOnce }, ({ work }) => work())
}
