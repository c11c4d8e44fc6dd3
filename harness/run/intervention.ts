import type { NamedMachine } from './site.ts'

/** A command of a step that is about to be run. */
export interface ActingCommand {
  /** Number of the step. */
  step: number
  /** The machine's name where the lab has several. */
  machine: string | null
  text: string
  /** The lab's line. */
  where: string
}

/** Who stands between a lab and its machines, to learn what it does or to break it on purpose. */
export interface Intervention {
  /** The machines are up, the first step comes next. */
  begin?(machines: readonly NamedMachine[]): Promise<void>
  /** What is run instead of a command; the lab hears of its own. */
  command?(command: ActingCommand): string
  /** The steps are over, the clean-up comes next. */
  end?(machines: readonly NamedMachine[]): Promise<void>
  /** How long the expectation at a line may look, in ms, where the machine is as fast as any; else the usual time. */
  patienceMs?(where: string): number | undefined
  /** How long a step may take, in seconds; else what it says itself. */
  limitS?(step: number): number | undefined
  /** Whether a step is left out. */
  omits?(step: number): boolean
  /** What the steps have left is not cleaned up, where one failed or in any case: the machine is thrown away as it is. */
  abandons?: 'failed' | 'always'
}
