import { readFile } from 'node:fs/promises'
import { HostError } from '../../vm/errors.ts'
import type { MutationReport } from './report.ts'

/** Reads what `--mutate --reporter json=PATH` has written. @throws HostError where it is something else */
export async function readMutations(path: string): Promise<MutationReport> {
  const mend = 'name what `npm run lab NAME -- --mutate --reporter json=FILE` has written'
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new HostError(`${path} can't be read: ${cause.message}`, { mend, cause })
  })
  const refuse = (cause?: unknown) => new HostError(`${path} is no report of mutations`, { mend, cause })
  let report: Partial<MutationReport>
  try {
    report = JSON.parse(text) as Partial<MutationReport>
  } catch (cause) {
    throw refuse(cause)
  }
  if (report?.schema !== 'vethlab-mutations/2') throw refuse()
  return report as MutationReport
}
