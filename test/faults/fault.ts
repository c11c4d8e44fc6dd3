import type { Chance } from './chance.ts'
import type { LabOptions, LabProcess, PrivateHost } from './private-host.ts'

/** Something that goes wrong while a lab runs, as data: what is done, and what may come of it. */
export interface Fault {
  name: string
  /** What happens, for people: `the sandbox's init gets SIGKILL`. */
  what: string
  on: 'sandbox' | 'qemu'
  /** Whether the lab that is disturbed has an engine. */
  engine: boolean
  /** A lab of the project that is disturbed, instead of a short one. */
  lab?: string
  /** How many runs go on at once; the first is the one that is struck, the others must not feel it. Default 1. */
  crowd?: number
  /** Takes its turn only every so many rounds, as it takes long. */
  every?: number
  /** How many times as long as usual a run lasts that has to make what `setUp` has taken away. Default 1. */
  lasts?: number
  /** Prepares what the run will meet, from its start on. */
  setUp?(scene: Scene): Promise<Prepared>
  /** Does it to a run, at a random moment; resolves to false when the run had ended before there was anything to be hit. */
  strike?(scene: Scene & { run: LabProcess }): Promise<boolean>
  /** What the run may end with. That its verdict stands is right besides where the strike came after the last look. */
  may: Outcome[]
  /** What may stay of the run until the next one removes it, as lines of leftovers. */
  stays?: RegExp
  /** What only one of all these runs may say, and may say once. */
  once?: RegExp
  /** How long after the strike it must have been noticed, in milliseconds; while the machine starts it may take longer. */
  noticedMs?: number
  startingMs?: number
}

export interface Scene {
  host: PrivateHost
  chance: Chance
}

export interface Prepared {
  /** How the run is to be started. */
  options: LabOptions
  /** Makes the host whole again. */
  undo?(): Promise<void>
  /** Removes what is the trial's own, when the next run has removed what was left in it. */
  afterwards?(): Promise<void>
}

/** One way in which a disturbed run may end. */
export interface Outcome {
  /** undefined: killed by a signal, so that nothing was said. */
  exitCode: number | undefined
  /** Must be among what was printed. */
  says?: RegExp
}

export const killed: Outcome = { exitCode: undefined }
/** As if nothing had happened: every claim looked at on a whole machine. */
export const verdict: Outcome = { exitCode: 0, says: /^Every claim held\.$/m }
export const machineDied = (says: RegExp): Outcome => ({ exitCode: 3, says })
export const hostLacks = (says: RegExp): Outcome => ({ exitCode: 2, says })
export const interrupted: Outcome = { exitCode: 130, says: /^Interrupted\.$/m }
