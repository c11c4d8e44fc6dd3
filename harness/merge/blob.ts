import { readFile } from 'node:fs/promises'
import { HostError } from '../../vm/errors.ts'
import type { RunEnded, RunEvent, RunStarted } from '../events.ts'
import type { BlobHead } from '../reporters/blob.ts'

/** What a run told, as it was read from a blob. */
export interface Blob {
  path: string
  started: RunStarted
  /** What happened between its start and its end. */
  events: RunEvent[]
  /** undefined where the run was cut off. */
  ended: RunEnded | undefined
}

const schema: BlobHead['schema'] = 'vethlab-blob/1'

/** Reads what `--reporter blob=PATH` has written; also of a run that was cut off. @throws HostError for what is no blob */
export async function readBlob(path: string): Promise<Blob> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new HostError(`the blob can't be read: ${error.message}`, { mend })
  })
  const [head, ...lines] = text.split('\n')
  if (parse<BlobHead>(head ?? '')?.schema !== schema) throw new HostError(`${path} is no blob (${schema})`, { mend })
  // The last line of a run that was killed may be half written.
  const whole = lines.slice(0, -1)
  const all = whole.flatMap((line, i) => {
    const event = parse<RunEvent>(line)
    if (event === undefined)
      throw new HostError(`${path} is damaged in line ${i + 2}`, { mend: 'run that shard again' })
    return [event]
  })
  const started = all.find(event => event.type === 'run-started')
  if (!started)
    throw new HostError(`${path} tells of no run: it ended before it began`, { mend: 'run that shard again' })
  const events = all.filter(event => event.type !== 'run-started' && event.type !== 'run-ended')
  return { path, started, events, ended: all.find(event => event.type === 'run-ended') }
}

const mend = 'make one: npm run lab -- --all --reporter blob=run.blob'

function parse<T>(line: string): T | undefined {
  try {
    return JSON.parse(line) as T
  } catch {
    return undefined
  }
}
