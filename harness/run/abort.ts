/** Settles as `work` does, or rejects with the reason of whichever signal aborts first; `work` itself is not stopped. */
export async function unlessAborted<T>(work: Promise<T>, signals: AbortSignal[]): Promise<T> {
  const stopped = AbortSignal.any(signals)
  if (stopped.aborted) throw stopped.reason
  let onAbort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(stopped.reason)
    stopped.addEventListener('abort', onAbort, { once: true })
  })
  // What is left behind may still fail, when nobody waits for it any more.
  work.catch(() => {})
  try {
    return await Promise.race([work, aborted])
  } finally {
    stopped.removeEventListener('abort', onAbort)
  }
}
