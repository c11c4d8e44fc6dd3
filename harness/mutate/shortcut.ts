import type { Discovery } from './discover.ts'

/** Less is not worth the runs that look for a shortcut, in ms. */
const leastSavedMs = 1000

/**
 * The shortcuts to a step, each as the steps that are run, the shortest first: it alone, or behind the first one or the one before
 * it, as labs build up in one and go on in the next. Those that save little are not among them.
 */
export function shortcutsTo(step: number, { steps }: Pick<Discovery, 'steps'>): ReadonlySet<number>[] {
  const takes = (those: Iterable<number>) => [...those].reduce((sum, one) => sum + (steps.get(one) ?? 0), 0)
  const whole = takes([...steps.keys()].filter(one => one <= step))
  const sets = [[], [1], [step - 1], [1, step - 1]].map(before => new Set([...before.filter(one => one > 0), step]))
  const different = sets.filter((set, i) => sets.findIndex(other => set.symmetricDifference(other).size === 0) === i)
  return different.filter(set => whole - takes(set) >= leastSavedMs)
}
