import { relative } from 'node:path'
import Mocha from 'mocha'
import { watchCores } from './busy.ts'
import { writeDurations } from './durations.ts'
import { countLine, tookInWords } from './report.ts'
import { testFiles, top } from './tiers.ts'

const { EVENT_HOOK_END, EVENT_TEST_END, EVENT_TEST_RETRY } = Mocha.Runner.constants

/**
 * The report of our tests: mocha's spec; at its end the slowest files, and how busy the processors were; on the last line the counts alone,
 * for people and machines: `12 passed, 0 failed`. With VETHLAB_TEST_RECORD set, what each file took is written down.
 */
export default class Report extends Mocha.reporters.Spec {
  readonly #took = new Map<string, number>()
  readonly #cores = watchCores()
  readonly #started = performance.now()

  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    // Of files that run side by side, mocha tells each when it is over: what they took is the sum of their parts.
    for (const event of [EVENT_HOOK_END, EVENT_TEST_END, EVENT_TEST_RETRY]) {
      runner.on(event, ({ file, duration }: Mocha.Runnable) => {
        if (file === undefined) return
        const name = relative(top, file)
        this.#took.set(name, (this.#took.get(name) ?? 0) + (duration ?? 0))
      })
    }
  }

  override epilogue(): void {
    super.epilogue()
    const { passes, failures, pending } = this.stats
    const [ms, busyness] = [performance.now() - this.#started, this.#cores.ended()]
    if (this.#took.size > 1) process.stdout.write(`${tookInWords(this.#took, { ms, busyness })}\n\n`)
    if (process.env.VETHLAB_TEST_RECORD) writeDurations(this.#took, testFiles('test', 'all'))
    process.stdout.write(`${countLine({ passed: passes, failed: failures, skipped: pending })}\n`)
  }
}
