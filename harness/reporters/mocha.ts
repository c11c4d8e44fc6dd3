import type Mocha from 'mocha'
import type { Output } from './output.ts'

/** What mocha constructs a reporter with. */
export type MochaReporterClass = new (runner: Mocha.Runner, options: Mocha.MochaOptions) => object

/** A mocha reporter that is ready to be constructed, and what to wait for after the run. */
export interface MochaReport {
  Reporter: MochaReporterClass
  /** Resolves when everything is written. */
  end(): Promise<void>
}

/**
 * A reporter made for mocha, with its own output or, where `output` is given, with everything that it prints to
 * standard output sent there: mocha's reporters know no other place, so the stream is swapped while they run.
 * One that throws is told nothing more, and `onFailure` is: mocha itself would stop in the middle of the run.
 */
export function mochaReport(
  Reporter: MochaReporterClass,
  output: Output | undefined,
  onFailure: (error: unknown) => void,
): MochaReport {
  let broken = false
  const during = <T>(work: () => T): T | undefined => {
    if (broken) return undefined
    try {
      return output ? redirected(output, work) : work()
    } catch (error) {
      broken = true
      onFailure(error)
      return undefined
    }
  }
  let made: { done?(failures: number, finished: () => void): void } | undefined
  let failures = 0
  class Redirected {
    constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
      // Each reporter listens for the same events, and any number of reporters is fine.
      runner.setMaxListeners(0)
      runner.on('fail', () => {
        failures += 1
      })
      made = during(() => new Reporter(wrapped(runner, during), options))
    }
  }
  // A reporter that writes to a stream of its own says so with done(), as mocha has it.
  const end = async () => {
    await new Promise<void>(resolve => {
      if (made?.done) during(() => made?.done?.(failures, resolve))
      if (!made?.done || broken) resolve()
    })
    output?.close()
  }
  let ended: Promise<void> | undefined
  return { Reporter: Redirected, end: () => (ended ??= end()) }
}

type Listener = (...args: unknown[]) => unknown

/** The runner as a reporter sees it, except that its listeners run within `during`. */
function wrapped(runner: Mocha.Runner, during: <T>(work: () => T) => T | undefined): Mocha.Runner {
  const wrappers = new WeakMap<Listener, Listener>()
  const wrap = (listener: Listener): Listener => {
    const known = wrappers.get(listener)
    if (known) return known
    const wrapper = function (this: unknown, ...args: unknown[]) {
      return during(() => listener.apply(this, args))
    }
    wrappers.set(listener, wrapper)
    return wrapper
  }
  const takesListener = /^(on|once|off|(add|remove|prepend|prependOnce)Listener)$/
  const proxy: Mocha.Runner = new Proxy(runner, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      if (typeof key !== 'string' || !takesListener.test(key)) return value.bind(target)
      return (event: string, listener: Listener) => {
        value.call(target, event, wrap(listener))
        return proxy
      }
    },
  })
  return proxy
}

/** Runs `work` with standard output going elsewhere; what it prints later, by itself, is not caught. */
function redirected<T>(output: Output, work: () => T): T {
  const { stdout } = process
  const write = stdout.write
  stdout.write = ((chunk: Uint8Array | string, ...rest: unknown[]) => {
    output.write(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'))
    const done = rest.find(one => typeof one === 'function')
    if (typeof done === 'function') process.nextTick(done)
    return true
  }) as typeof stdout.write
  try {
    return work()
  } finally {
    stdout.write = write
  }
}
