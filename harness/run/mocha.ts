import Mocha from 'mocha'
import type { LabHeader, LabRepeated } from '../events.ts'
import { differencesInWords, whichRun } from '../reporters/words.ts'
import type { Course, Part } from './course.ts'

/** What mocha's reporters are constructed with. */
export type MochaReporter = new (runner: Mocha.Runner, options: Mocha.MochaOptions) => unknown

/** What mocha follows of a lab's run: its course, or what is known of one that is over. */
export interface Followed extends Pick<Course, 'start' | 'steps' | 'finish'> {
  run: Pick<Course['run'], 'of'> & { file: { header: LabHeader; path: string } }
}

/** Labs that are run several times: how the runs of each compare, in the order of the labs, once all are over. */
export interface Repeated {
  /** The title of each lab, in each cell. */
  titles: string[]
  comparisons: Promise<LabRepeated[]>
}

/**
 * Lets mocha follow labs: a lab is a suite, its steps are tests, its machine is the suite's hooks. So any reporter made for
 * mocha reports labs. Mocha goes through them in their order, whichever go on side by side: it waits for what is not yet
 * over, and hurries through what is, so that there is one report in one order. Time limits are the lab's own; mocha's are off.
 */
export async function followInMocha(
  courses: Followed[],
  repeated: Repeated | undefined,
  reporters: MochaReporter[],
): Promise<void> {
  const mocha = new Mocha({ reporter: Silent, timeout: 0 })
  for (const course of courses) addLab(mocha, course)
  if (repeated) addComparisons(mocha, repeated)
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
  })
  // Otherwise its listeners for uncaught errors stay.
  mocha.dispose()
}

// mocha insists on a reporter of its own; ours are told by events, the user's are constructed beside it.
class Silent extends Mocha.reporters.Base {}

function addLab(mocha: Mocha, { run, start, steps, finish }: Followed): void {
  const { header, path } = run.file
  const which = whichRun(run.of).slice(2)
  const suite = Mocha.Suite.create(mocha.suite, `${header.title}${which && ` (${which})`}`)
  const follow = (part: Part) =>
    async function (this: Mocha.Context) {
      if ((await part.outcome) === 'skipped') this.skip()
    }
  suite.beforeAll('the machine comes up', follow(start))
  for (const [i, part] of steps.entries()) {
    const test = new FollowedTest(header.steps[i]?.title ?? '', follow(part))
    test.part = part
    test.file = path
    suite.addTest(test)
  }
  suite.afterAll('the machine is as it was', async () => {
    await finish.outcome
  })
}

/** That a lab's runs are alike is a test of its own. */
function addComparisons(mocha: Mocha, { titles, comparisons }: Repeated): void {
  const suite = Mocha.Suite.create(mocha.suite, 'Runs compared')
  for (const [i, title] of titles.entries()) {
    const test = new Mocha.Test(`${title}: all runs are alike`, async () => {
      const { differences = [] } = (await comparisons)[i] ?? {}
      if (differences.length > 0) throw new Error(`its runs differ\n${differencesInWords(differences)}`)
    })
    suite.addTest(test)
  }
}

/** A test that took as long as the step did, not as long as mocha waited for it. */
class FollowedTest extends Mocha.Test {
  part: Part | undefined

  override run(done: Mocha.Done): void {
    super.run(error => {
      this.duration = Math.round(this.part?.ms ?? 0)
      done(error)
    })
  }
}
