import { readFile } from 'node:fs/promises'
import { HostError } from '../../vm/errors.ts'
import type { JsonReport } from '../reporters/json-report.ts'

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

function parse(text: string): Partial<JsonReport> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
