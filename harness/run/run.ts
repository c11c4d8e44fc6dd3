import type { Provider } from '../../vm/machine.ts'
import type { Suite } from '../../vm/suite.ts'
import type { Reporter, RunEvent } from '../events.ts'
import { exitCodeOf } from './exit-code.ts'
import { labRun } from './lab-run.ts'
import { type MochaReporter, runMocha } from './mocha.ts'
import type { LabFile } from './registry.ts'
import { tally } from './totals.ts'

/** What is to be run, where, and who is told. */
export interface RunOptions {
  labs: LabFile[]
  provider: Provider
  /** Why this provider, in one line. */
  why: string
  suite: Suite
  /** Number of the last step to run, when only one lab is run. */
  until?: number | undefined
  keep: boolean
  /** Asked before each command. */
  ask?: ((command: string) => Promise<void>) | undefined
  reporters: Reporter[]
  mochaReporters: MochaReporter[]
  /** Aborts the run with its reason: the machine goes, the exit code is 130. */
  signal: AbortSignal
}

/** Runs labs one after another, each on a machine of its own; resolves to the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const { provider, why, suite, until, keep, ask, signal, reporters } = options
  const started = performance.now()
  const totals = tally()
  const emit = (event: RunEvent) => {
    totals.on(event)
    for (const reporter of reporters) reporter.on(event)
  }
  const labs = options.labs.map(file => file.header)
  emit({ type: 'run-started', at: new Date().toISOString(), labs, provider: provider.name, why, suite })
  const runs = options.labs.map(file => labRun(file, { provider, suite, until, keep, ask, emit, signal }))
  await runMocha(runs, options.mochaReporters, signal)
  const failures = runs.flatMap(run => run.failure ?? [])
  const exitCode = exitCodeOf(failures, signal.aborted)
  emit({
    type: 'run-ended',
    at: new Date().toISOString(),
    exitCode,
    totals: totals.sum(),
    ms: performance.now() - started,
  })
  for (const reporter of reporters) await reporter.end?.()
  return exitCode
}
