import { unboundSteps } from '../../harness/run/register.ts'
import type { LabFile } from '../../harness/run/registry.ts'

/**
 * The numbers of the steps without which a break can't be noticed: those whose text it changes, and the one that must turn red. What it
 * changes between the steps is no step's.
 */
export function neededSteps(whole: LabFile, broken: LabFile, red: string | undefined): number[] {
  const [before, after] = [whole, broken].map(({ name, lab }) => unboundSteps(name, lab)) as [Steps, Steps]
  return after
    .filter(
      ({ header: { title, number }, run }) => title === red || run.toString() !== before[number - 1]?.run.toString(),
    )
    .map(({ header }) => header.number)
}

type Steps = ReturnType<typeof unboundSteps>
