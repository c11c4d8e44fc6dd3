import { readFile } from 'node:fs/promises'
import { HostError } from '../../vm/errors.ts'
import type { JsonLab, JsonReport } from '../reporters/json-report.ts'

const schema: JsonReport['schema'] = 'vethlab-report/1'

/** Reads what `--reporter json=PATH` has written. @throws HostError where that can't be read, or is no such report */
export async function readReport(path: string): Promise<JsonReport> {
  const mend = 'make one: npm run lab -- --all --reporter json=report.json'
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new HostError(`the report can't be read: ${error.message}`, { mend })
  })
  const report = parse(text)
  if (report?.schema !== schema) throw new HostError(`${path} is no report of a run (${schema})`, { mend })
  return report as JsonReport
}

/** These reports without the runs of a lab that a later one has made again, in the same kind of machine of the same provider. */
export function latestRuns(reports: readonly JsonReport[]): JsonReport[] {
  const keyOf = ({ name, machine }: JsonLab) =>
    machine && [name, machine.provider, machine.suite, machine.iptablesBackend].join(' ')
  return reports.map((report, i) => {
    const later = new Set(reports.slice(i + 1).flatMap(({ labs }) => labs.map(keyOf)))
    return { ...report, labs: report.labs.filter(lab => !later.has(keyOf(lab))) }
  })
}

function parse(text: string): Partial<JsonReport> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
