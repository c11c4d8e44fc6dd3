import { patience } from '../patience.ts'

/** A difference that the lab declares beforehand, with its reason. */
export interface Leaves {
  difference: RegExp
  because: string
}

export interface ResidueVerdict {
  /** Differences that no declaration covers. */
  unexpected: string[]
  /** What is wrong, in words; undefined when nothing is. */
  message: string | undefined
}

/**
 * Looks at the difference between the machine before the lab and now until it is what the lab declares or patience ends:
 * the kernel frees a netns and its veth ends only some time after the command that deletes it has returned.
 */
export async function judgeResidue(
  difference: () => Promise<string[]>,
  leaves: Leaves[],
  patienceMs: number,
): Promise<ResidueVerdict> {
  const { again } = patience(patienceMs)
  for (;;) {
    const verdict = compare(await difference(), leaves)
    if (!verdict.message || !(await again())) return verdict
  }
}

/** Compares the differences with what the lab declares; each declaration must come true. */
export function compare(differences: string[], leaves: Leaves[]): ResidueVerdict {
  const unexpected = differences.filter(line => !leaves.some(({ difference }) => difference.test(line)))
  const missing = leaves.filter(({ difference }) => !differences.some(line => difference.test(line)))
  const parts = [
    ...(unexpected.length > 0 ? [`the lab leaves the machine changed:\n${unexpected.join('\n')}`] : []),
    ...missing.map(
      ({ difference, because }) => `the lab says that it leaves ${difference} (${because}), and it does not`,
    ),
  ]
  return { unexpected, message: parts.length > 0 ? parts.join('\n') : undefined }
}
