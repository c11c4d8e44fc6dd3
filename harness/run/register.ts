import { judgementOf, untestable } from '../claims/verdict.ts'
import type { LabHeader, StepHeader } from '../events.ts'
import type { Lab, MachineWords, SegmentWords, Step, StepOptions, Words, WordsOfSeveral } from '../lab.ts'
import { bindLooks } from '../looks/look.ts'
import { checkNeeds } from '../needs/needs.ts'
import { type Wiring, wiringOf } from './wiring.ts'

/** A registered step: its header and what it runs. */
export interface RegisteredStep {
  header: StepHeader
  limitS: number
  run(): Promise<unknown>
}

const defaultLimitS = 120

/** The words of a lab's body but `step`; those of several machines, and of segments, by their names. */
export type LabWords = Pick<Words, 'expect'> & Record<string, unknown>

/** Lays out the words as a lab of this wiring knows them: one machine's are the lab's own. */
export function wordsBy(
  { machines, segments }: Wiring,
  words: {
    expect: Words['expect']
    defer: WordsOfSeveral<never, Record<never, never>>['defer']
    machine(name: string | null): MachineWords
    segment(name: string): SegmentWords
  },
): LabWords {
  const { expect, defer } = words
  const named = machines.map(name => (name === null ? words.machine(null) : { [name]: words.machine(name) }))
  return Object.assign({ expect, defer }, ...named, ...segments.map(({ name }) => ({ [name]: words.segment(name) })))
}

/** Runs a lab's body, which registers its steps and does nothing else, and returns them in order. */
export function registerSteps(lab: Lab, words: LabWords): RegisteredStep[] {
  const steps: RegisteredStep[] = []
  const step: Step = (title: string, ...rest: [() => Promise<unknown>] | [StepOptions, () => Promise<unknown>]) => {
    const [options, run] = rest.length === 1 ? [{} as StepOptions, rest[0]] : rest
    if (steps.some(other => other.header.title === title))
      throw new Error(`lab "${lab.title}" has two steps "${title}"`)
    const { covers = [], changed = [], needs = {} } = options
    checkNeeds(needs)
    const header = { number: steps.length + 1, title, covers: covers.map(judgementOf), changed, needs }
    steps.push({ header, limitS: options.limitS ?? defaultLimitS, run })
  }
  // The words are those that the lab asked for: `lab()` has seen to that.
  lab.body({ ...words, step } as never)
  return steps
}

/** A lab's steps, registered without a machine: to be read, not run. */
export function unboundSteps(name: string, lab: Lab): RegisteredStep[] {
  return registerSteps(lab, unbound(name, wiringOf(lab)))
}

/** A lab's header, read by registering its steps without a machine. */
export function headerOf(name: string, lab: Lab): LabHeader {
  const wiring = wiringOf(lab)
  const steps = unboundSteps(name, lab).map(step => step.header)
  const { title, document, finds = null, topology, engine, needs = {} } = lab
  checkNeeds(needs)
  const machines = [...(lab.machines ?? [])]
  const segments = wiring.segments.map(({ name, ends }) => ({ name, machines: ends.map(({ machine }) => machine) }))
  const untested = Object.entries(lab.untestable ?? {}).map(([id, because]) => untestable(id, because))
  return { name, title, document, finds, topology, engine, machines, segments, needs, steps, untestable: untested }
}

// Outside a step there is no machine: whoever acts there hears so at once. Looks may be named, as they are lazy.
function unbound(name: string, wiring: Wiring): LabWords {
  const refuse = (): never => {
    throw new Error(`lab ${name} acts outside a step: only step() may stand in a lab's body`)
  }
  const refusing = new Proxy(refuse, { get: (_, key) => (typeof key === 'symbol' ? undefined : refuse()) })
  const machine = {
    $: refusing,
    look: bindLooks(refuse),
    defer: refusing,
    fixture: refusing,
  } as unknown as MachineWords
  const segment: SegmentWords = { capture: refuse, cut: refuse, restore: refuse }
  return wordsBy(wiring, {
    expect: refusing as unknown as Words['expect'],
    defer: refuse,
    machine: () => machine,
    segment: () => segment,
  })
}
