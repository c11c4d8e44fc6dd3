import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from './fault.ts'
import type { LabProcess } from './private-host.ts'
import { descendants, type ProcessSeen } from './processes.ts'

type Strike = NonNullable<Fault['strike']>
type Target = (run: LabProcess) => Promise<number[]>

/** Sends a signal to all of these processes, as soon as there is one. */
export function send(signal: NodeJS.Signals, target: Target): Strike {
  return async ({ run }) => {
    while (!run.over()) {
      const numbers = await target(run)
      if (numbers.length > 0 && numbers.filter(number => sent(number, signal)).length > 0) return true
      await pause(10)
    }
    return false
  }
}

/** The command line itself. */
export const cli: Target = async run => (run.over() ? [] : [run.pid])

/** A sandbox's first process. */
export const sandboxInit: Target = async run => inSandbox(await descendants(run.pid), ({ numbers }) => numbers[1] === 1)

/** What runs under such a name in a sandbox. */
export function named(name: RegExp): Target {
  return async run => inSandbox(await descendants(run.pid), process => name.test(process.name))
}

/** All of a sandbox. */
export const wholeSandbox: Target = async run => inSandbox(await descendants(run.pid), () => true)

/** What holds the netns of a segment between sandboxes (segment.sh), which lives in our PID namespace. */
export const segment: Target = async run =>
  (await descendants(run.pid))
    .filter(({ numbers, cmdline }) => numbers.length === 1 && /until-killed|^sleep infinity$/.test(cmdline))
    .map(({ number }) => number)

/** The virtual machine. */
export const qemu: Target = async run =>
  (await descendants(run.pid)).filter(({ name }) => name.startsWith('qemu-system')).map(({ number }) => number)

function inSandbox(all: ProcessSeen[], wanted: (process: ProcessSeen) => boolean): number[] {
  return all.filter(process => process.numbers.length > 1 && wanted(process)).map(({ number }) => number)
}

function sent(number: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(number, signal)
    return true
  } catch {
    return false // It ended meanwhile.
  }
}
