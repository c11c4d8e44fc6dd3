/**
 * From now on, tells of each error that nobody waits for: a promise that was not awaited, a timer's function that throws.
 * Unheard, Node would end the process for it, with the machine still up.
 */
export function catchStrays(onStray: (error: unknown) => void): Disposable {
  const tell = (error: unknown) => onStray(error ?? new Error(`a promise was rejected with ${error}`))
  const events = ['unhandledRejection', 'uncaughtException'] as const
  for (const event of events) process.on(event, tell)
  return {
    [Symbol.dispose]() {
      for (const event of events) process.off(event, tell)
    },
  }
}
