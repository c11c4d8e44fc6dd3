import type { Failure } from '../../harness/events.ts'
import type { Fault, Outcome } from './fault.ts'
import type { Ended } from './private-host.ts'

/** What is known of a disturbed run when it has ended. */
export interface Disturbed {
  fault: Pick<Fault, 'may' | 'noticedMs' | 'startingMs'>
  ended: Ended
  /** What it had printed when it was struck; undefined when it never was. */
  saidWhenStruck: string | undefined
  /** From the strike until the report told of it, in milliseconds; undefined when it never did. */
  noticedMs: number | undefined
  /** How many times slower than an idle one the host was then, as others work there too; 1 unless told. */
  slowness?: number | undefined
}

/** The one line after which nothing is looked at any more. */
const lastLook = /^✓ the machine is as it was before the lab/m

/** The line that tells of a machine, or of the last of several. */
const machineUp = /; up in /

/** What is wrong with how a disturbed run ended: wrong verdicts, wrong words. [] when all is well. */
export function problemsOf({ fault, ended, saidWhenStruck, noticedMs, slowness = 1 }: Disturbed): string[] {
  const { exitCode, stdout, stderr, report } = ended
  const said = `${stdout}\n${stderr}`
  const undisturbed = saidWhenStruck === undefined || lastLook.test(saidWhenStruck)
  const starting = saidWhenStruck !== undefined && !machineUp.test(saidWhenStruck)
  const limitMs = (starting && fault.startingMs) || fault.noticedMs
  const outcome = fault.may.find(one => one.exitCode === exitCode)
  const allowed = outcome !== undefined || (undisturbed && exitCode === 0)
  return [
    ...(allowed ? [] : [`it ended with ${ended.exitCode ?? 'a signal'}, where ${listed(fault.may)} would be right`]),
    ...(outcome?.says && !outcome.says.test(said) ? [`it does not say ${outcome.says}`] : []),
    ...(exitCode === 0 ? unproved(ended) : []),
    ...wrongKinds(ended),
    ...(report && report.exitCode !== exitCode && exitCode !== undefined
      ? [`its report says exit code ${report.exitCode}, and it ended with ${exitCode}`]
      : []),
    ...(/a fault of vethlab itself|^ +at .*:\d+:\d+\)?$/m.test(said) ? ['it tells of a fault of its own'] : []),
    ...(limitMs !== undefined && noticedMs !== undefined && noticedMs > limitMs * slowness
      ? [`it was noticed after ${Math.round(noticedMs)} ms, and ${limitMs} are right`]
      : []),
  ]
}

/** Exit code 0 says that every claim was looked at, and the machine found as it was. */
function unproved({ report }: Ended): string[] {
  if (!report) return ['exit code 0, without a report']
  return report.labs.flatMap(({ name, status, residue, steps }) =>
    status === 'passed' && residue?.length === 0 && steps.every(step => step.status === 'passed')
      ? []
      : [`exit code 0, and ${name} is not proved`],
  )
}

/** Whose turn it is, by exit code. Nothing that we do to a run is the fault of a claim, of a command or of a lab. */
const kinds: Record<number, Failure['kind']> = { 2: 'host', 3: 'machine', 130: 'interrupted' }

function wrongKinds({ exitCode, report }: Ended): string[] {
  return (report?.failures ?? []).flatMap(({ kind, message }) =>
    exitCode !== undefined && kinds[exitCode] === kind ? [] : [`a ${kind} is blamed: ${message}`],
  )
}

function listed(outcomes: Outcome[]): string {
  return outcomes.map(({ exitCode }) => exitCode ?? 'a signal').join(' or ')
}
