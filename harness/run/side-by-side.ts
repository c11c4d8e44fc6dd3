/** Does all of these, at most `jobs` at a time, beginning them in their order; resolves when all are done. None may reject. */
export async function sideBySide<T>(items: T[], jobs: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const worker = async () => {
    // The workers share one iterator: each takes what comes next.
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, worker))
}
