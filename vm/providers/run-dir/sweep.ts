import { type Removed, removeRun } from './remove.ts'
import { listRuns, type Run } from './runs.ts'

/**
 * Removes what runs that were killed have left behind: machines that live on without an owner, cgroups, folders. What
 * belongs to another live run, kept machines, and what can't be judged from here stay. Resolves to what was removed.
 */
export async function sweepRunDirs(): Promise<(Removed & Pick<Run, 'record'>)[]> {
  const left = (await listRuns()).filter(({ state }) => state === 'left')
  return await Promise.all(left.map(async run => ({ ...(await removeRun(run)), record: run.record })))
}
