import type { Reporter, RunEvent } from '../events.ts'
import type { Output } from './output.ts'

/** The first line of a blob. */
export interface BlobHead {
  schema: 'vethlab-blob/1'
}

/** All that a run tells, a line of JSON for each event, written as it happens: of which `npm run lab merge` makes any other report. */
export function reporter(output: Output): Reporter {
  const head: BlobHead = { schema: 'vethlab-blob/1' }
  output.write(`${JSON.stringify(head)}\n`)
  return {
    on: (event: RunEvent) => output.write(`${JSON.stringify(event)}\n`),
    end: () => output.close(),
  }
}
