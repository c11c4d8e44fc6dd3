import type { Shell } from 'zx'
import type { Frame } from './capture/frame.ts'
import type { WatchOptions } from './capture/watch.ts'
import type { EngineChange } from './claims/engine-change.ts'
import type { Covered } from './claims/verdict.ts'
import type { Fixtures } from './containers/fixtures.ts'
import type { Expect } from './expect/expect.ts'
import type { Looks } from './looks/look.ts'
import type { Needs } from './needs/needs.ts'
import type { Deferred } from './run/undo.ts'

/** What a lab is and what it needs of its machine. */
export interface LabDefinition {
  title: string
  /** The document whose procedure this is, e.g. `001_b001d9c9a1a19151`; null: no document's, it is our own. */
  document: string | null
  /** What the catalogue says of it, in half a sentence or two: what turned out to be so, above all where the document errs. */
  finds?: string
  /** A picture of the topology in text. */
  topology: string
  /** true: a Docker engine is up. false: a machine on which none has ever run (an engine changes forwarding and the FORWARD policy). */
  engine: boolean
  /** What else its machines must have. On one that has not, the lab is skipped, with the reason. */
  needs?: Needs
  /**
   * What the lab can't leave as it found it, each with the reason: a line of the residue that matches is expected, and
   * one that stays away fails the lab.
   */
  leaves?: Array<{ difference: RegExp; because: string }>
  /**
   * Mutations (`--mutate`) that no expectation can see, by what is changed in words, each with the reason. One that is seen fails,
   * unless it is `seenElsewhere`: with another engine, on another kind of host.
   */
  unseen?: Array<{ mutation: RegExp; because: string; seenElsewhere?: true }>
  /** Documented claims that belong here and that no lab can test, by their id: why. */
  untestable?: Record<string, string>
}

/** What a step says of itself besides its title. */
export interface StepOptions {
  /** Documented claims that the step reproduces or judges: an id alone holds, `differs(id, …)` and the like say otherwise. */
  covers?: Covered[]
  /** What newer engines do otherwise, as the step proves: on engines before it must expect another thing than on those since. */
  changed?: EngineChange[]
  /**
   * What it needs of its machines beyond what the lab does. On one that has not, it is skipped, with the reason; the next are
   * not, so whatever builds on it must say the same.
   */
  needs?: Needs
  /** Seconds after which the step is called hung; multiplied by the machine's slowness. Default 120. */
  limitS?: number
}

/** Registers a claim and what proves it. Registered before anything runs, run in order, each one a mocha test. */
export interface Step {
  (title: string, options: StepOptions, run: () => Promise<unknown>): void
  (title: string, run: () => Promise<unknown>): void
}

/**
 * Says how to undo what was just done, as a command or a function. All run after the last step, last first, also after
 * a failure; a command that a step has itself run since (a documented clean-up) is not run again.
 */
export interface Defer {
  (command: TemplateStringsArray, ...args: unknown[]): Deferred
  (undo: () => Promise<unknown>): Deferred
}

/** What acts and observes on one machine. */
export interface MachineWords {
  /** Acts in the guest: zx's own `$`, as root, under bash. */
  $: Shell
  /** Observes: plain data, lazily, so that it can be looked again. */
  look: Looks
  defer: Defer
  /** Starts what the document takes for granted, such as a web server that answers. */
  fixture: Fixtures
}

/** What a lab's body is handed: the five words, and the fixtures that a lab can't do without. */
export interface Words extends MachineWords {
  /** Judges: chai with the network's own assertions, which look again until they hold. */
  expect: Expect
  step: Step
}

/** A segment that joins machines, as a lab sees it. */
export interface SegmentWords<Machine extends string = string> {
  /** Observes: what the machines send while something happens; each frame says from which one. */
  capture(options: WatchOptions): Promise<Frame[]>
  /** Acts: takes a machine's link off the segment. Undo it: `defer(() => segment.restore('alpha'))`. */
  cut(machine: Machine): Promise<void>
  /** Acts: puts a cut link back; does nothing to one that isn't cut. */
  restore(machine: Machine): Promise<void>
}

/** What a lab needs that has several machines. */
export interface SeveralMachines<Machine extends string, Segments extends Record<string, readonly Machine[]>> {
  /** Their names: host names, and words of the lab's body. */
  machines: readonly Machine[]
  /** What joins them, each by the machines on it. If it is left out, one that is called `segment` joins them all. */
  segments?: Segments
}

/** What the body of a lab with several machines is handed: each machine and each segment by its name. */
export type WordsOfSeveral<Machine extends string, Segments extends Record<string, readonly string[]>> = Omit<
  Words,
  keyof MachineWords
> & { defer: (undo: () => Promise<unknown>) => Deferred } & { [Name in Machine]: MachineWords } & {
  [Name in keyof Segments]: SegmentWords<Segments[Name][number]>
}

/** A lab: what it is, and the body that registers its steps, with the words that it asked for. */
export interface Lab extends LabDefinition, Partial<SeveralMachines<string, Record<string, readonly string[]>>> {
  body(words: never): void
}

/** Defines a lab; the default export of a file in `labs/`. */
export function lab<
  const Machine extends string,
  const Segments extends Record<string, readonly NoInfer<Machine>[]> = { segment: readonly Machine[] },
>(
  definition: LabDefinition & SeveralMachines<Machine, Segments>,
  body: (words: WordsOfSeveral<Machine, Segments>) => void,
): Lab
export function lab(definition: LabDefinition, body: (words: Words) => void): Lab
export function lab(definition: Omit<Lab, 'body'>, body: Lab['body']): Lab {
  return { ...definition, body }
}
