/** How many things go on at the same time. */
export interface Together<T> {
  /** At most so many. */
  jobs: number
  /** They take no more than this together; what alone takes more goes on alone. Default: whatever they take. */
  room?: number
  takes?(item: T): number
}

/** Does all of these side by side, beginning them in their order; resolves when all are done. None may reject. */
export async function sideBySide<T>(
  items: T[],
  { jobs, room = Number.POSITIVE_INFINITY, takes = () => 1 }: Together<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const going = new Map<Promise<void>, number>()
  const fits = (item: T) => {
    const taken = [...going.values()].reduce((sum, one) => sum + one, 0)
    return going.size === 0 || (going.size < jobs && taken + takes(item) <= room)
  }
  for (const item of items) {
    while (!fits(item)) await Promise.race(going.keys())
    const one: Promise<void> = work(item).finally(() => going.delete(one))
    going.set(one, takes(item))
  }
  await Promise.all(going.keys())
}
