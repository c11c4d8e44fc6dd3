import Mocha from 'mocha'
import type { Course, Part } from './course.ts'

/** What mocha's reporters are constructed with. */
export type MochaReporter = new (runner: Mocha.Runner, options: Mocha.MochaOptions) => unknown

/**
 * Lets mocha follow labs: a lab is a suite, its steps are tests, its machine is the suite's hooks. So any reporter made for
 * mocha reports labs. Mocha goes through them in their order, whichever go on side by side: it waits for what is not yet
 * over, and hurries through what is, so that there is one report in one order. Time limits are the lab's own; mocha's are off.
 */
export async function followInMocha(courses: Course[], reporters: MochaReporter[]): Promise<void> {
  const mocha = new Mocha({ reporter: Silent, timeout: 0 })
  for (const course of courses) addLab(mocha, course)
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

function addLab(mocha: Mocha, { run, start, steps, finish }: Course): void {
  const { header, path } = run.file
  const which = run.repetition === undefined ? '' : ` (run ${run.repetition})`
  const suite = Mocha.Suite.create(mocha.suite, `${header.title}${which}`)
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

/** A test that took as long as the step did, not as long as mocha waited for it. */
class FollowedTest extends Mocha.Test {
  part: Part | undefined

  override run(done: Mocha.Done): void {
    super.run(error => {
      this.duration = this.part?.ms ?? 0
      done(error)
    })
  }
}
