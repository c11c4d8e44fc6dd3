import { setTimeout as pause } from 'node:timers/promises'
import { execa } from 'execa'
import { type Chance, chanceOf, oneOf } from './chance.ts'
import { type Fault, verdict } from './fault.ts'
import { changes, hostState } from './host-state.ts'
import { type Disturbed, problemsOf } from './judge.ts'
import { type Ended, faultyLab, type LabOptions, type LabProcess, type PrivateHost } from './private-host.ts'

/** What came of one trial: a run that was disturbed, what it left, and the run after it. */
export interface Trial {
  fault: string
  /** Which trial of this fault. */
  number: number
  /** The lab that was disturbed. */
  lab: string
  /** When it was struck, in milliseconds from the run's start; undefined where nothing struck it. */
  struckMs: number | undefined
  /** undefined: killed by a signal. */
  exitCode: number | undefined
  /** How long after the strike the report told of it. */
  noticedMs: number | undefined
  /** What had to be told apart from a trial in which all is well. */
  problems: string[]
  /** What the disturbed run said, for a trial with problems. */
  said: string
}

export interface Setting {
  host: PrivateHost
  seed: string
  /** true: now and then one of the project's own labs is disturbed, which takes longer. */
  realLabs: boolean
  /** The host's network state before all trials, which none may change. */
  hostState: string[]
}

/** How often a run that was over before its moment came is done again, each time at half of it. */
const tries = 4

/** Does one trial. What strikes must have struck in the end: a run that nothing has disturbed is no proof. */
export async function trial(fault: Fault, number: number, setting: Setting): Promise<Trial> {
  const chance = chanceOf(setting.seed, fault.name, number)
  const lab = drawLab(fault, chance, setting)
  const moment = chance() * lab.usualMs * (fault.lasts ?? 1)
  for (let tried = 0; ; tried++) {
    const done = await disturb(fault, lab, moment / 2 ** tried, chance, setting)
    const missed = fault.strike !== undefined && done.struckMs === undefined && done.problems.length === 0
    if (missed && tried + 1 < tries) continue
    const problems = missed ? ['there was nothing to be struck'] : done.problems
    return { ...done, fault: fault.name, number, lab: lab.name, problems, said: problems.length > 0 ? done.said : '' }
  }
}

/** A run that is disturbed at this moment, in milliseconds from its start, and the run after it. */
async function disturb(
  fault: Fault,
  lab: TriedLab,
  moment: number,
  chance: Chance,
  { host, hostState: before }: Setting,
): Promise<Omit<Trial, 'fault' | 'number' | 'lab'>> {
  const prepared = await fault.setUp?.({ host, chance })
  const started = performance.now()
  const start = () => host.lab([lab.name, '--on', fault.on], withEngine(fault, prepared?.options))
  const run = start()
  const others = Array.from({ length: (fault.crowd ?? 1) - 1 }, start)
  let strike: Struck | undefined
  if (fault.strike) {
    await Promise.race([pause(moment), run.ended])
    if (await fault.strike({ host, chance, run })) strike = await watch(run)
  }
  const limitMs = lab.limitMs * (1 + others.length)
  const ended = await atLast(run, limitMs)
  const unhurt = await Promise.all(others.map(other => atLast(other, limitMs)))
  await prepared?.undo?.()
  const { struckAt, saidWhenStruck, slowness } = strike ?? {}
  const noticedMs = await strike?.noticed
  const problems = [
    ...(ended ? problemsOf({ fault, ended, saidWhenStruck, noticedMs, slowness }) : ['it did not end, and was killed']),
    ...unhurt.flatMap(other => (other ? problemsOf(undisturbed(other)) : ['another run did not end, and was killed'])),
    ...(fault.once ? saidTwice(fault.once, [run, ...others]) : []),
    ...(await leftBehind(host, fault.stays)).map(what => `after it is left: ${what}`),
    ...(fault.stays && chance() < 0.5 ? await afterGc(host) : []),
    ...(await nextRun(fault, host)),
    ...((await prepared?.afterwards?.().then(
      () => [],
      error => [`the trial's own could not be removed: ${error.message}`],
    )) ?? []),
    ...changes(before, await hostState()).map(what => `the host's network was changed: ${what}`),
  ]
  return {
    struckMs: struckAt && struckAt - started,
    exitCode: ended?.exitCode,
    noticedMs,
    problems,
    said: [run, ...others].map(one => one.said()).join('\n---\n'),
  }
}

interface Struck {
  struckAt: number
  saidWhenStruck: string
  noticed: Promise<number | undefined>
  slowness: number
}

async function watch(run: LabProcess): Promise<Struck> {
  const struckAt = performance.now()
  const noticed = run.printed('MachineError: ').then(
    () => performance.now() - struckAt,
    () => undefined,
  )
  const slowness = await slownessNow()
  return { struckAt, saidWhenStruck: run.said(), noticed, slowness }
}

/**
 * Lets pass what it takes on this host, with all that goes on beside us, to start a process that does nothing: what was seen of the
 * machine before the strike may be told so much later. Resolves to how many times as long it took as on an idle host, at least 1.
 */
async function slownessNow(): Promise<number> {
  const since = performance.now()
  await execa(process.execPath, ['--eval', ''])
  return Math.max(1, (performance.now() - since) / idleMomentMs)
}

const idleMomentMs = 50

const undisturbed = (ended: Ended): Disturbed => ({
  fault: { may: [verdict] },
  ended,
  saidWhenStruck: undefined,
  noticedMs: undefined,
})

function saidTwice(pattern: RegExp, runs: LabProcess[]): string[] {
  const count = runs.flatMap(run => run.said().match(new RegExp(pattern, 'gm')) ?? []).length
  return count > 1 ? [`${pattern} was said ${count} times`] : []
}

/** A lab to be disturbed: how long it usually takes, by which moments are drawn, and when it has hung. */
interface TriedLab {
  name: string
  usualMs: number
  limitMs: number
}

function drawLab(fault: Fault, chance: Chance, { realLabs }: Setting): TriedLab {
  const real = fault.lab ?? (realLabs && !fault.crowd && chance() < 0.1 ? realLab(fault, chance) : undefined)
  if (real === undefined) return shortLab(fault)
  return { name: real, usualMs: usualMs[fault.on][real] ?? 10_000, limitMs: 120_000 * slownessOf[fault.on] }
}

function realLab({ engine }: Fault, chance: Chance): string {
  return engine ? oneOf(chance, ['publish-port', 'ifindex-pairing']) : 'bridge-nat'
}

/** One made for this. */
function shortLab({ on, engine }: Fault): TriedLab {
  const usual = usualMs[on][engine ? 'holds with an engine' : 'holds'] ?? 10_000
  return { name: faultyLab('holds'), usualMs: usual, limitMs: 120_000 * slownessOf[on] }
}

/** How long a run lasts on an idle host, emulated where there is a virtual machine, in milliseconds. */
const usualMs: Record<Fault['on'], Record<string, number>> = {
  sandbox: {
    ...{ holds: 3000, 'holds with an engine': 6000 },
    ...{ 'bridge-nat': 14_000, 'two-machines': 14_000, 'publish-port': 8000, 'ifindex-pairing': 10_500 },
  },
  qemu: { holds: 6000, 'bridge-nat': 21_000 },
}

const slownessOf = { sandbox: 1, qemu: 5 }

function withEngine({ engine }: Fault, options: LabOptions = {}): LabOptions {
  return engine ? { ...options, env: { ...options.env, ENGINE: '1' } } : options
}

/** How it ended; undefined when it had to be killed. */
async function atLast(run: LabProcess, limitMs: number): Promise<Ended | undefined> {
  const late = new AbortController()
  const limit = pause(limitMs, undefined, { signal: late.signal }).catch(() => undefined)
  const ended = await Promise.race([run.ended, limit])
  late.abort()
  if (!ended) {
    run.kill('SIGKILL')
    await run.ended
  }
  return ended
}

/** How long the kernel may take to end what it was told to end, on a host as busy as can be. */
const settlingMs = 60_000

async function leftBehind(host: PrivateHost, stays?: RegExp): Promise<string[]> {
  const deadline = performance.now() + settlingMs
  for (;;) {
    const left = (await host.leftovers()).filter(what => !stays?.test(what))
    if (left.length === 0 || performance.now() > deadline) return left
    await pause(50)
  }
}

/** What the next run would remove, `gc` removes as well. */
async function afterGc(host: PrivateHost): Promise<string[]> {
  const { exitCode } = await host.gc()
  return [
    ...(exitCode === 0 ? [] : [`gc ends with ${exitCode}`]),
    ...(await leftBehind(host)).map(what => `after gc is left: ${what}`),
  ]
}

/** The run after it works, and nothing is left of either. */
async function nextRun(fault: Fault, host: PrivateHost): Promise<string[]> {
  const { name, limitMs } = shortLab(fault)
  const run = host.lab([name, '--on', fault.on], withEngine(fault))
  const ended = await atLast(run, limitMs)
  return [
    ...(ended?.exitCode === 0 ? [] : [`the next run ends with ${ended?.exitCode ?? 'a kill'}:\n${run.said()}`]),
    ...(await leftBehind(host)).map(what => `after the next run is left: ${what}`),
  ]
}
