import Mocha from 'mocha'
import type { LabRun } from './lab-run.ts'

/** What mocha's reporters are constructed with. */
export type MochaReporter = new (runner: Mocha.Runner, options: Mocha.MochaOptions) => unknown

/**
 * Runs labs through mocha: a lab is a suite, its steps are tests, its machine is the suite's hooks. So any reporter made
 * for mocha reports labs. Time limits are the lab's own; mocha's are off.
 */
export async function runMocha(runs: LabRun[], reporters: MochaReporter[], signal: AbortSignal): Promise<void> {
  const mocha = new Mocha({ reporter: Silent, timeout: 0 })
  for (const run of runs) addLab(mocha, run)
  // Errors that nobody awaits are told to the labs: mocha would end a step behind its back, or swallow them.
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = events.map(event => process.listeners(event as 'uncaughtException'))
  await new Promise<void>(resolve => {
    const runner = mocha.run(() => resolve())
    for (const [i, event] of events.entries()) {
      for (const listener of process.listeners(event as 'uncaughtException')) {
        if (!before[i]?.includes(listener)) process.off(event, listener)
      }
    }
    for (const Reporter of reporters) new Reporter(runner, mocha.options)
    if (signal.aborted) runner.abort()
    else signal.addEventListener('abort', () => runner.abort(), { once: true })
  })
  // Otherwise its listeners for uncaught errors stay.
  mocha.dispose()
}

// mocha insists on a reporter of its own; ours are told by events, the user's are constructed beside it.
class Silent extends Mocha.reporters.Base {}

function addLab(mocha: Mocha, run: LabRun): void {
  const suite = Mocha.Suite.create(mocha.suite, run.file.header.title)
  suite.beforeAll('the machine comes up', () => run.start())
  for (const { number, title } of run.steps) {
    const test = new Mocha.Test(title, async function (this: Mocha.Context) {
      if ((await run.step(number)) === 'skipped') this.skip()
    })
    test.file = run.file.path
    suite.addTest(test)
  }
  suite.afterAll('the machine is as it was', () => run.finish())
}
