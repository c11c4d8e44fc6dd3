/** What the search may cost. */
export interface Bound {
  /** How often it may ask whether some steps suffice. */
  tries: number
}

/**
 * The fewest steps that suffice, as far as so many tries find them: those that are needed, and of the others whatever can't be left out.
 * All together must suffice.
 */
export async function fewest(
  all: readonly number[],
  needed: readonly number[],
  suffice: (steps: number[]) => Promise<boolean>,
  { tries }: Bound,
): Promise<number[]> {
  const others = all.filter(step => !needed.includes(step))
  const with_ = (some: readonly number[]) => [...needed, ...some].toSorted((one, other) => one - other)
  let left = tries
  const tried = async (some: readonly number[]) => left-- > 0 && (await suffice(with_(some)))

  for (const some of likely(others)) {
    if (some.length < others.length && (await tried(some))) return with_(some)
  }
  let kept = others
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const without = kept.toSpliced(at, size)
      if (await tried(without)) kept = without
      else at += size
    }
  }
  return with_(kept)
}

/** Labs build up in one step, mostly the first, and go on in the next. */
function likely(others: readonly number[]): number[][] {
  const [first, last] = [others.slice(0, 1), others.slice(-1)]
  return others.length > 2 ? [[], first, last, [...first, ...last]] : [[], ...(others.length > 1 ? [first, last] : [])]
}
