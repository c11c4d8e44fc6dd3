import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inPlace } from '../../../harness/looks/place.ts'
import type { Probe } from '../../../harness/looks/probe.ts'
import type { Finished } from '../../../vm/machine.ts'
import type { Suite } from '../../../vm/suite.ts'
import { looksOfEngine, looksOfTopology } from '../../fixtures/looks.ts'

/** What a script left in a suite's machine, and the script. */
export type Recording = Finished & { script: string }

/** A recording made by test/fixtures/record-looks.ts. */
export function recording(suite: Suite, name: string): Recording {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures', suite, 'looks', `${name}.json`), 'utf8'))
}

/** What a probe reads in a recording. It must be one that sends the recorded script; where it looks from is the recording's. */
export function seen<T>(suite: Suite, name: string, probe: Probe<T>): T {
  const place = [...looksOfTopology, ...looksOfEngine].find(look => look.name === name)?.place ?? 'guest'
  return inPlace(probe, place).parse(recording(suite, name))
}
