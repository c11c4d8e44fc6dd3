import { inspect } from 'node:util'
import { AssertionError } from 'chai'
import { ProcessOutput } from 'zx'
import { HostError, MachineError } from '../../vm/errors.ts'
import type { Failure } from '../events.ts'
import { ExpectationError } from '../expect/error.ts'
import type { FailedCommand } from './acts.ts'

/** A step that took longer than its limit; `saw` is what it waited for. */
export class LimitError extends Error {
  override readonly name = 'LimitError'
  readonly saw: string

  constructor(message: string, saw: string) {
    super(message)
    this.saw = saw
  }
}

/** The lab's own text is at fault, at a line that is known. */
export class LabError extends Error {
  override readonly name = 'LabError'
  /** `labs/bridge-nat.ts:32` */
  readonly where: string

  constructor(message: string, where: string) {
    super(message)
    this.where = where
  }
}

/** The run was asked to stop. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
}

/** The machine isn't as it was before the lab. */
export class ResidueError extends Error {
  override readonly name = 'ResidueError'
}

/** What is known of the surroundings of an error. */
export interface FailureContext {
  /** `step "…", qemu:trixie` */
  place: string
  /** How to come back to this point and look around. */
  mend: string
  /** Finds the command that this is the output of. */
  behind?: (output: ProcessOutput) => FailedCommand | undefined
}

/** An error in the form that every report prints, with whose turn it is. */
export function failureOf(error: unknown, context: FailureContext): Failure {
  const { where, ...failure } = told(error, context)
  return where ? { ...failure, where } : failure
}

function told(error: unknown, { place, mend, behind }: FailureContext): Failure {
  if (error instanceof ExpectationError) {
    return { kind: 'claim', message: error.text, where: where(error.where, place), saw: error.saw, mend }
  }
  if (error instanceof AssertionError)
    return { kind: 'claim', message: error.message, where: place, mend, ...stack(error) }
  if (error instanceof MachineError) return { kind: 'machine', message: error.message, where: place, mend: error.mend }
  if (error instanceof HostError) return { kind: 'host', message: error.message, mend: error.mend }
  if (error instanceof InterruptedError) return { kind: 'interrupted', message: error.message, where: place }
  if (error instanceof LimitError) return { kind: 'limit', message: error.message, where: place, saw: error.saw, mend }
  if (error instanceof LabError) return { kind: 'lab', message: error.message, where: where(error.where, place), mend }
  if (error instanceof ResidueError) return { kind: 'residue', message: error.message, where: place, mend }
  if (error instanceof ProcessOutput) return commandFailure(error, { place, mend, failed: behind?.(error) })
  const message =
    error instanceof Error ? `${error.name}: ${error.message}` : `${inspect(error)} was thrown, which is no Error`
  return { kind: 'lab', message, where: place, mend, ...stack(error) }
}

function commandFailure(
  output: ProcessOutput,
  { place, mend, failed }: { place: string; mend: string; failed: FailedCommand | undefined },
): Failure {
  const ended = output.exitCode === null ? `ended by ${output.signal}` : `exit code ${output.exitCode}`
  const said = (output.stderr.trim() || output.stdout.trim()).split('\n').slice(-8).join('\n')
  return {
    kind: 'command',
    message: failed ? `command failed (${ended}): ${failed.command}` : `a command failed (${ended})`,
    where: where(failed?.where ?? '', place),
    saw: said || 'no output',
    mend,
  }
}

function where(line: string, place: string): string {
  return line ? `${line}, ${place}` : place
}

function stack(error: unknown): { stack?: string } {
  return error instanceof Error && error.stack ? { stack: error.stack } : {}
}
