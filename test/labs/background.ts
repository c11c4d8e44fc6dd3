/*
 * Runs of labs mostly wait: for ARP, for pings that stay unanswered, for patience to end. So those of all test files
 * begin together with the first test that needs one, and several go on at once.
 */

const atOnce = 6
const waiting: (() => Promise<void>)[] = []
let running = 0

/**
 * Something to be done in the background once `beginAll` is called; the function returned waits for its outcome.
 * What takes `long` comes before the rest.
 */
export function inBackground<T>(work: () => Promise<T>, { long = false } = {}): () => Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  promise.catch(() => {})
  const job = () => work().then(resolve, reject)
  if (long) waiting.unshift(job)
  else waiting.push(job)
  return () => promise
}

/** Begins what waits. */
export function beginAll(): void {
  while (running < atOnce && waiting.length > 0) {
    running++
    void work()
  }
}

async function work(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) await next()
  running--
}
