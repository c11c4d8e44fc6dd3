import type { Machine } from '../../../vm/machine.ts'
import { sandbox } from '../../../vm/providers/sandbox.ts'
import type { Suite } from '../../../vm/suite.ts'

/** Starts a sandbox with the suite's engine. */
export const startWithEngine = (suite: Suite): Promise<Machine> =>
  sandbox.start({
    label: 'test',
    suite,
    engine: true,
    keep: false,
    report: () => {},
    signal: new AbortController().signal,
  })

/** The names of its containers. */
export const containers = async (machine: Machine): Promise<string[]> =>
  (await machine.exec("docker ps --all --format '{{.Names}}'")).stdout.trim().split('\n').filter(Boolean).sort()
