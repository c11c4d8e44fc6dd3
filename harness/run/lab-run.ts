import type { Shell } from 'zx'
import { HostError, MachineError } from '../../vm/errors.ts'
import { isLent } from '../../vm/machine.ts'
import { appliesTo } from '../claims/verdict.ts'
import type { Failure, InLab, LabEvent, RunEvent, Status, StepHeader } from '../events.ts'
import type { KernelFeature } from '../needs/kernel.ts'
import { featuresOf, type Needs, unmet } from '../needs/needs.ts'
import { unlessAborted } from './abort.ts'
import { acts } from './acts.ts'
import { attempts } from './attempt.ts'
import type { MachineCell } from './cell.ts'
import { commandLog } from './commands.ts'
import { readFacts, readMissing } from './facts.ts'
import { failureOf, LabError, ResidueError } from './failure.ts'
import type { Intervention } from './intervention.ts'
import { notOffered } from './offer.ts'
import { type RegisteredStep, registerSteps } from './register.ts'
import type { LabFile } from './registry.ts'
import { judgeResidue } from './residue.ts'
import { changes, siteOf } from './site.ts'
import { type Undo, undoStack } from './undo.ts'
import { wiringOf } from './wiring.ts'
import { bindWords } from './words.ts'

/** How a lab is to be run. */
export interface LabRunOptions {
  /** The kind of machine. */
  cell: MachineCell
  /** How its events name this run. */
  of: InLab
  /** Number of the last step to run; the later ones are skipped. */
  until: number | undefined
  /** Leave the machines as the last step left them: nothing is undone. */
  keep: boolean
  /** Asked before each command of a step. */
  ask: ((command: string) => Promise<void>) | undefined
  /** Who stands between the lab and its machines. */
  intervention?: Intervention | undefined
  emit(event: RunEvent): void
  /** Aborts the run; its machine goes. */
  signal: AbortSignal
}

/** One lab on its machines, in the three parts that are called in order. */
export interface LabRun {
  file: LabFile
  /** How its events name it. */
  of: InLab
  steps: StepHeader[]
  /** Starts the machines; resolves to `skipped` when they lack what the lab needs. */
  start(): Promise<Status>
  /**
   * Runs a step; resolves to `skipped` when an earlier one failed, `until` is passed, it is left out or the machines lack what it needs, rejects
   * when it fails.
   */
  step(number: number): Promise<Status>
  /** Undoes, compares the machines with what they were, and throws them away. Rejects when the clean-up or the residue fails. */
  finish(): Promise<void>
  /** It has begun, and is not over. */
  readonly going: boolean
  /** Told an error that nobody awaited. While the lab goes on it fails for it; else false is returned. */
  stray(error: unknown): boolean
  /** Why nothing of it was run, where its machines lack what it needs. */
  readonly skipped: string | undefined
  /** Why the lab failed, once it has; of several failures the first. */
  readonly failure: Failure | undefined
}

const undoLimitS = 60
const patienceMs = 5000

/** Prepares a lab's run: registers its steps, starts nothing. */
export function labRun(file: LabFile, options: LabRunOptions): LabRun {
  const { signal, ask, of, intervention = {} } = options
  const { provider, suite, backend } = options.cell
  const { lab: name, ...which } = of
  let open: Undo[] = []
  const undos = undoStack(now => {
    open = now
    note([])
  })
  const commands = acts()
  const told = new Set<number>()
  const unawaited = new Map<Promise<unknown>, string>()
  let labStarted = 0
  let state: 'waiting' | 'going' | 'undoing' | 'over' = 'waiting'
  let before: string[][] | undefined
  let lacking: (needs: Needs) => string | undefined = () => notHere
  let passed = 0
  let current: RegisteredStep | undefined
  // What verdicts may depend on; of several machines the first's, as all are made of one image.
  let machine: Parameters<typeof appliesTo>[1] = { engine: null, backend: null }
  /** How many expectations of the current step were judged. */
  let judged = 0
  let failure: Failure | undefined
  let stray: { error: unknown } | undefined

  const wiring = wiringOf(file.lab)
  const notHere = notOffered(options.cell, wiring)
  // What ends a step, a look, a clean-up before its time.
  let stop = signal
  const stopped = () => stop
  const site = siteOf({
    ...{ wiring, provider, suite, backend, signal, stopped, label: name, engine: file.lab.engine, keep: options.keep },
    report: line => emit({ type: 'progress', lab: name, line }),
  })
  const cut = new Set<string>()
  // What the lab typed, by what was run instead.
  const typed = new Map<string, string>()
  const stops = () => [stop, ...site.lost()]
  const attempt = attempts(site, { acts: commands, stopped, unlimited: ask !== undefined })

  // What a lab has left running tells nothing any more once the lab is over.
  const emit = (event: LabEvent) => {
    if (state !== 'over') options.emit({ ...event, ...which })
  }
  const now = () => ({
    step: current?.header.number ?? null,
    phase: state === 'undoing' ? ('undo' as const) : ('act' as const),
  })
  const logOf = (machine: string | null) =>
    commandLog(now, (told, { step, phase }) => {
      const command = { ...told, command: typed.get(told.command) ?? told.command }
      const { id, ...ended } = command
      const on = machine === null ? {} : { machine }
      if (ended.exitCode === 0 && phase === 'act') undos.settle(ended.command, on.machine)
      commands.end(command)
      emit({ type: 'command', lab: name, step, phase, ...on, ...ended })
    })
  const logs = new Map(wiring.machines.map(machine => [machine, logOf(machine)]))
  const shell = (machine: string | null): Shell => {
    const log = logs.get(machine)
    return site.machine(machine).$({ ...(log && { log }), signal: attempt.signal, quiet: true })
  }

  async function onSegment(segment: string, act: 'cut' | 'restore', machine: string): Promise<void> {
    const link = `${machine} is cut off ${segment}`
    if (cut.has(link) === (act === 'cut')) return
    const command = `${act} ${machine}`
    if (state === 'going') await ask?.(`${segment}> ${command}`)
    const { step, phase } = now()
    const started = performance.now()
    await unlessAborted(site.segment(segment)[act](machine), [...stops(), attempt.signal])
    if (act === 'cut') cut.add(link)
    else cut.delete(link)
    const done = { exitCode: 0, signal: null, stdout: '', stderr: '', ms: performance.now() - started }
    emit({ type: 'command', lab: name, step, phase, segment, command, ...done })
  }

  const words = bindWords(wiring, {
    site,
    shell,
    undos,
    judging: where => {
      const step = current
      return {
        patienceMs: (intervention.patienceMs?.(where) ?? patienceMs) * Math.sqrt(site.slowness),
        // A step that was given up may still look for a while.
        onVerdict(verdict) {
          if (step !== current) return
          judged += 1
          emit({ type: 'expectation', lab: name, step: step?.header.number ?? 0, ...verdict })
        },
        onJudging(verdict) {
          unawaited.set(verdict, where)
          const decided = () => void unawaited.delete(verdict)
          verdict.then(decided, decided)
        },
      }
    },
    onSegment,
    onCommand: (command, where) => commands.begin(command, where, attempt.signal),
    instead:
      intervention.command &&
      ((text, { machine, where }) => {
        // Whether the clean-up does what it should is seen by what is left behind.
        if (!current) return undefined
        const act = intervention.command?.({ step: current.header.number, machine, text, where }) ?? text
        if (act === text) return undefined
        typed.set(act, text)
        return act
      }),
    ask,
    onRefusal: reason => attempt.stop(reason),
  })
  const steps = registerSteps(file.lab, words)

  const place = () => {
    const where = site.machines.map(({ machine }) => machine.name).join(' ') || provider.name
    return [current && `step "${current.header.title}"`, where].filter(Boolean).join(', ')
  }
  const mend = () =>
    `npm run lab ${name} -- --keep${current ? ` --until ${current.header.number}` : ''}, and look around`
  const fail = (error: unknown): Failure => {
    const described = failureOf(error, { place: place(), mend: mend(), behind: commands.behind })
    failure ??= described
    return described
  }

  return {
    file,
    of,
    get going() {
      return state === 'going' || state === 'undoing'
    },
    steps: steps.map(step => step.header),
    get skipped() {
      return skipped()
    },
    get failure() {
      return failure
    },
    async start() {
      state = 'going'
      labStarted = performance.now()
      emit({ type: 'lab-started', at: new Date().toISOString(), lab: file.header })
      try {
        signal.throwIfAborted()
        if (notHere !== undefined) return 'skipped'
        await site.start()
        const facts = await unlessAborted(Promise.all(site.machines.map(({ machine }) => readFacts(machine))), stops())
        machine = { engine: facts[0]?.engine ?? null, backend: facts[0]?.iptablesBackend ?? null }
        const missing = await unlessAborted(missingFeatures(), stops())
        const offers = facts.map(({ engine, iptablesBackend: backend }, i) => {
          return { engine, backend, missing: missing[i] ?? [] }
        })
        lacking = needs => offers.map(offer => unmet(needs, offer)).find(reason => reason !== undefined)
        const lacks = lacking(file.header.needs)
        if (lacks === undefined) {
          await intervention.begin?.(site.machines)
          // Where nothing is cleaned up nobody asks what is left behind.
          if (intervention.abandons !== 'always') before = await site.state()
        }
        const ms = performance.now() - labStarted
        for (const [i, { name: machine }] of site.machines.entries()) {
          const read = facts[i]
          if (read) emit({ type: 'machine-started', lab: name, ...(machine !== null && { machine }), facts: read, ms })
        }
        return lacks === undefined ? 'passed' : 'skipped'
      } catch (error) {
        const reason = startFailure(error)
        fail(reason)
        throw reason
      }
    },
    async step(number) {
      const step = steps[number - 1]
      if (!step) throw new RangeError(`lab ${name} has no step ${number}`)
      const { header } = step
      told.add(number)
      if (failure || number > (options.until ?? steps.length) || intervention.omits?.(number)) {
        emit({ type: 'step-ended', lab: name, step: header, status: 'skipped', ms: 0 })
        return 'skipped'
      }
      const reason = lacking(file.header.needs) ?? lacking(header.needs)
      if (reason !== undefined) {
        emit({ type: 'step-ended', lab: name, step: header, status: 'skipped', ms: 0, reason })
        return 'skipped'
      }
      const started = performance.now()
      const ended = () => ({ type: 'step-ended' as const, lab: name, step: header, ms: performance.now() - started })
      current = step
      judged = 0
      emit({ type: 'step-started', lab: name, step: header })
      try {
        if (stray) throw stray.error
        const limitS = intervention.limitS?.(number) ?? step.limitS
        await attempt.make(step.run, { limitS, what: `step ${number} "${header.title}"` })
        const [forgotten] = unawaited.values()
        if (forgotten !== undefined)
          throw new LabError('an expectation was not awaited: write `await expect(…)`', forgotten)
        const claims = header.covers.filter(judgement => appliesTo(judgement, machine)).map(({ id }) => id)
        if (claims.length > 0 && judged === 0)
          throw new LabError(`the step gives a verdict on ${claims.join(', ')} without an expectation`, file.path)
        passed += 1
        emit({ ...ended(), status: 'passed' })
        return 'passed'
      } catch (error) {
        emit({ ...ended(), status: 'failed', failure: fail(error) })
        throw error
      } finally {
        current = undefined
      }
    },
    async finish() {
      state = 'undoing'
      // After a failed start, or when the run is stopped, no step is called.
      for (const { header } of steps) {
        if (!told.has(header.number)) emit({ type: 'step-ended', lab: name, step: header, status: 'skipped', ms: 0 })
      }
      let problem: { error: unknown } | undefined
      const known = failure?.message
      for (const part of [leave, site.end]) {
        try {
          if (site.machines.length > 0) await part()
        } catch (error) {
          if (fail(error).message !== known) problem ??= { error }
        }
      }
      const ms = performance.now() - labStarted
      const reason = skipped()
      const status = failure ? 'failed' : reason === undefined ? 'passed' : 'skipped'
      emit({ type: 'lab-ended', lab: file.header, status, ms, ...(failure && { failure }), ...(reason && { reason }) })
      state = 'over'
      if (problem) throw problem.error
    },
    stray(error) {
      if (!this.going) return false
      // What a failed step has left behind fails as it likes.
      if (failure) return true
      stray ??= { error }
      if (current) attempt.stop(error)
      return true
    },
  }

  /** What the machines' kernels lack of what the lab and its steps need. */
  async function missingFeatures(): Promise<KernelFeature[][]> {
    const asked = featuresOf([file.header, ...file.header.steps].map(({ needs }) => needs))
    return await Promise.all(site.machines.map(({ machine }) => readMissing(machine, asked)))
  }

  /** Why nothing was run. A lab of which something was has passed, whatever it has left out. */
  function skipped(): string | undefined {
    if (failure || passed > 0) return undefined
    const reasons = [file.header, ...file.header.steps].flatMap(({ needs }) => lacking(needs) ?? [])
    return reasons.length > 0 ? [...new Set(reasons)].join('; ') : undefined
  }

  /** Leaves the machines as they were, or as they were asked to be. */
  async function leave(): Promise<void> {
    if (options.keep) tellKept()
    const gone = site.lost().find(({ aborted }) => aborted)
    if (gone) throw gone.reason
    // A machine that is thrown away needs no clean-up; somebody's own gets it also when the run is stopped.
    if (signal.aborted && lent().length > 0) stop = new AbortController().signal
    stop.throwIfAborted()
    if (intervention.abandons === 'always' || (failure && intervention.abandons)) return
    if (before) await intervention.end?.(site.machines)
    if (!options.keep && before) await cleanUp(before)
    signal.throwIfAborted()
    if (stray) throw stray.error
  }

  function tellKept(): void {
    for (const { machine } of site.machines) {
      if (!machine.lost.aborted) emit({ type: 'machine-kept', lab: name, machine: machine.name, ...machine.entry })
    }
    for (const [segment, { kept }] of site.segments) emit({ type: 'segment-kept', lab: name, segment, says: kept })
  }

  function lent() {
    return site.machines.map(({ machine }) => machine).filter(isLent)
  }

  /** Tells somebody's own machine what is not undone yet, for whoever comes after a run that is cut off. */
  function note(left: string[]): void {
    const undo = open.map(({ command }) => command ?? `# a function of ${file.path}`)
    for (const machine of lent()) machine.note({ undo, left })
  }

  async function cleanUp(before: string[][]): Promise<void> {
    const errors = await undos.unwind(({ command, run }) =>
      attempt.make(run, {
        limitS: undoLimitS,
        what: command ? `the clean-up "${command}"` : 'a function of the clean-up',
      }),
    )
    for (const gone of stops()) gone.throwIfAborted()
    const started = performance.now()
    let left: string[] = []
    const judged = await judgeResidue(
      async () => {
        left = [...changes(wiring, before, await site.state()), ...[...cut].map(link => `+ ${link}`)]
        return left
      },
      // After a failed step the lab has not done all that it would have left behind.
      failure ? [] : (file.lab.leaves ?? []),
      patienceMs * Math.sqrt(site.slowness),
    )
    // An undo may fail because there is nothing to undo: what counts is what differs.
    if (left.length === 0) open = []
    note(left)
    emit({ type: 'residue', lab: name, differences: judged.unexpected, ms: performance.now() - started })
    if (errors.length > 0) throw errors[0]
    if (judged.message && !failure) throw new ResidueError(judged.message)
  }

  function startFailure(error: unknown): unknown {
    if (signal.aborted) return signal.reason
    if (error instanceof HostError || error instanceof MachineError) return error
    const mend = 'this is a fault of vethlab itself: please report it, with what --reporter json says'
    return new MachineError(`${provider.name} gave no machine: ${reason(error)}`, { mend, cause: error })
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
