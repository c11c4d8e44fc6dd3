import { setTimeout as pause } from 'node:timers/promises'
import type { Shell } from 'zx'
import { MachineError } from '../../vm/errors.ts'
import type { Machine, Provider } from '../../vm/machine.ts'
import type { Suite } from '../../vm/suite.ts'
import type { Failure, RunEvent, Status, StepHeader } from '../events.ts'
import { residueDifference, residueProbe } from '../looks/residue.ts'
import { unlessAborted } from './abort.ts'
import { commandLog, type RecordedCommand } from './commands.ts'
import { readFacts } from './facts.ts'
import { failureOf, InterruptedError, LimitError, ResidueError } from './failure.ts'
import { type RegisteredStep, registerSteps } from './register.ts'
import type { LabFile } from './registry.ts'
import { judgeResidue } from './residue.ts'
import { undoStack } from './undo.ts'
import { bindWords } from './words.ts'

/** How a lab is to be run. */
export interface LabRunOptions {
  provider: Provider
  suite: Suite
  /** Number of the last step to run; the later ones are skipped. */
  until: number | undefined
  /** Leave the machine as the last step left it: nothing is undone. */
  keep: boolean
  /** Asked before each command of a step. */
  ask: ((command: string) => Promise<void>) | undefined
  emit(event: RunEvent): void
  /** Aborts the run; its machine goes. */
  signal: AbortSignal
}

/** One lab on one machine, in the three parts that mocha's hooks and tests call in order. */
export interface LabRun {
  file: LabFile
  steps: StepHeader[]
  /** Starts the machine. */
  start(): Promise<void>
  /** Runs a step; resolves to `skipped` when an earlier one failed or `until` is passed, rejects when it fails. */
  step(number: number): Promise<Status>
  /** Undoes, compares the machine with what it was, and throws it away. Rejects when the clean-up or the residue fails. */
  finish(): Promise<void>
  /** Why the lab failed, once it has; of several failures the first. */
  readonly failure: Failure | undefined
}

const undoLimitS = 60
// A machine that is frozen or gone is noticed within this time.
const aliveLimitMs = 5000
// How it ended may be told a moment after that it ended.
const lastWordsMs = 1000
const patienceMs = 5000

/** Prepares a lab's run: registers its steps, starts nothing. */
export function labRun(file: LabFile, options: LabRunOptions): LabRun {
  const { emit, provider, suite, signal } = options
  const { name } = file
  const undos = undoStack()
  const lines = new Map<string, string>()
  const labStarted = performance.now()
  let machine: Machine | undefined
  let current: RegisteredStep | undefined
  let lastFailed: (RecordedCommand & { where: string }) | undefined
  let failure: Failure | undefined
  let stop = new AbortController()
  let before: string[] = []
  let skippedFrom: number | undefined

  const up = (): Machine => {
    if (!machine) throw new Error(`lab ${name} acts outside a step: only step() may stand in a lab's body`)
    return machine
  }
  const log = commandLog(
    () => ({ step: current?.header.number ?? null, phase: undoing ? ('undo' as const) : ('act' as const) }),
    (command, { step, phase }) => {
      const { id, ...ended } = command
      if (ended.exitCode === 0 && phase === 'act') undos.settle(ended.command)
      if (ended.exitCode !== 0) lastFailed = { ...command, where: lines.get(id) ?? '' }
      lines.delete(id)
      emit({ type: 'command', lab: name, step, phase, ...ended })
    },
  )
  let undoing = false
  const shell = (): Shell => up().$({ log, signal: stop.signal, quiet: true })

  const words = bindWords({
    machine: up,
    shell,
    undos,
    patienceMs: () => patienceMs * Math.sqrt(up().slowness),
    onVerdict: verdict => emit({ type: 'expectation', lab: name, step: current?.header.number ?? 0, ...verdict }),
    onCommand: (id, where) => void lines.set(id, where),
    ask: options.ask,
  })
  const steps = registerSteps(file.lab, words)

  const place = () =>
    [current && `step "${current.header.title}"`, machine?.name ?? provider.name].filter(Boolean).join(', ')
  const mend = () =>
    `npm run lab ${name} -- --keep${current ? ` --until ${current.header.number}` : ''}, and look around`
  const describe = (error: unknown) => failureOf(error, { place: place(), mend: mend(), failed: lastFailed })
  const fail = (error: unknown): Failure => {
    const described = describe(error)
    failure ??= described
    return described
  }
  const stops = () => [signal, ...(machine ? [machine.lost] : [])]

  // A step's promise may never settle (a lab that hangs), so the limit ends the step and the signal ends its commands.
  async function within<T>(work: () => Promise<T>, limitS: number, what: string): Promise<T> {
    stop = new AbortController()
    const limitMs = limitS * 1000 * up().slowness
    const over = () => stop.abort(new LimitError(`${what} took longer than its limit of ${limitMs / 1000} s`))
    // Who walks step by step may think as long as he likes.
    const timer = options.ask ? undefined : setTimeout(over, limitMs)
    try {
      return await unlessAborted(work(), [...stops(), stop.signal])
    } catch (error) {
      const reason = await rootOf(error)
      stop.abort(reason)
      throw reason
    } finally {
      clearTimeout(timer)
    }
  }

  // What breaks because the machine is gone says less than that it is gone, and may be told first: so the machine is asked.
  async function rootOf(error: unknown): Promise<unknown> {
    const { lost } = up()
    const answer = up().exec('true', { signal: AbortSignal.any([signal, AbortSignal.timeout(aliveLimitMs)]) })
    const silence: unknown = await unlessAborted(answer, stops()).then(
      () => undefined,
      reason => reason,
    )
    if (silence !== undefined && !signal.aborted) await unlessAborted(pause(lastWordsMs), stops()).catch(() => {})
    if (signal.aborted) return signal.reason
    if (lost.aborted) return lost.reason
    return silence instanceof MachineError ? silence : error
  }

  async function residueNow(): Promise<string[]> {
    const probe = residueProbe()
    return probe.parse(await unlessAborted(up().exec(probe.script), stops()))
  }

  return {
    file,
    steps: steps.map(step => step.header),
    get failure() {
      return failure
    },
    async start() {
      emit({ type: 'lab-started', at: new Date().toISOString(), lab: file.header })
      const started = performance.now()
      try {
        if (signal.aborted) throw signal.reason
        const { engine } = file.lab
        const report = (line: string) => emit({ type: 'progress', line })
        machine = await provider.start({ suite, engine, keep: options.keep, report, signal })
        const facts = await unlessAborted(readFacts(machine), stops())
        before = await residueNow()
        emit({ type: 'machine-started', lab: name, facts, ms: performance.now() - started })
      } catch (error) {
        fail(error)
        throw error
      }
    },
    async step(number) {
      const step = steps[number - 1]
      if (!step) throw new RangeError(`lab ${name} has no step ${number}`)
      const last = skippedFrom ?? (options.until ?? steps.length) + 1
      if (failure || number >= last) {
        emit({ type: 'step-ended', lab: name, step: step.header, status: 'skipped', ms: 0 })
        return 'skipped'
      }
      const started = performance.now()
      current = step
      emit({ type: 'step-started', lab: name, step: step.header })
      try {
        await within(step.run, step.limitS, `step ${number} "${step.header.title}"`)
        emit({ type: 'step-ended', lab: name, step: step.header, status: 'passed', ms: performance.now() - started })
        return 'passed'
      } catch (error) {
        const described = fail(error)
        const ms = performance.now() - started
        emit({ type: 'step-ended', lab: name, step: step.header, status: 'failed', ms, failure: described })
        throw error
      } finally {
        current = undefined
      }
    },
    async finish() {
      let problem: unknown
      try {
        if (machine && options.keep && !signal.aborted && !machine.lost.aborted) {
          emit({ type: 'machine-kept', lab: name, machine: machine.name, ...machine.entry })
        } else if (machine && !signal.aborted && !machine.lost.aborted) {
          await cleanUp()
        }
      } catch (error) {
        problem = error
        fail(error)
      } finally {
        await machine?.[Symbol.asyncDispose]()
        const status = failure ? 'failed' : 'passed'
        const ms = performance.now() - labStarted
        emit({ type: 'lab-ended', lab: file.header, status, ms, ...(failure ? { failure } : {}) })
      }
      if (problem) throw problem
      if (signal.aborted && !failure) throw new InterruptedError('the run was interrupted')
    },
  }

  async function cleanUp(): Promise<void> {
    undoing = true
    const errors = await within(() => undos.unwind(), undoLimitS, `the clean-up of lab ${name}`)
    const started = performance.now()
    const judged = await judgeResidue(
      async () => residueDifference(before, await residueNow()),
      // After a failed step the lab has not done all that it would have left behind.
      failure ? [] : (file.lab.leaves ?? []),
      patienceMs * Math.sqrt(up().slowness),
    )
    emit({ type: 'residue', lab: name, differences: judged.unexpected, ms: performance.now() - started })
    if (errors.length > 0) throw errors[0]
    if (judged.message && !failure) throw new ResidueError(judged.message)
  }
}
