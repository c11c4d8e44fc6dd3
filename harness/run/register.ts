import { judgementOf, untestable } from '../claims/verdict.ts'
import type { LabHeader, StepHeader } from '../events.ts'
import type { Lab, Step, StepOptions, Words } from '../lab.ts'
import { bindLooks } from '../looks/look.ts'

/** A registered step: its header and what it runs. */
export interface RegisteredStep {
  header: StepHeader
  limitS: number
  run(): Promise<unknown>
}

const defaultLimitS = 120

/** Runs a lab's body, which registers its steps and does nothing else, and returns them in order. */
export function registerSteps(lab: Lab, words: Omit<Words, 'step'>): RegisteredStep[] {
  const steps: RegisteredStep[] = []
  const step: Step = (title: string, ...rest: [() => Promise<unknown>] | [StepOptions, () => Promise<unknown>]) => {
    const [options, run] = rest.length === 1 ? [{} as StepOptions, rest[0]] : rest
    if (steps.some(other => other.header.title === title))
      throw new Error(`lab "${lab.title}" has two steps "${title}"`)
    const header = { number: steps.length + 1, title, covers: (options.covers ?? []).map(judgementOf) }
    steps.push({ header, limitS: options.limitS ?? defaultLimitS, run })
  }
  lab.body({ ...words, step })
  return steps
}

/** A lab's header, read by registering its steps without a machine. */
export function headerOf(name: string, lab: Lab): LabHeader {
  const steps = registerSteps(lab, unbound(name)).map(step => step.header)
  const { title, document, topology, engine } = lab
  const untested = Object.entries(lab.untestable ?? {}).map(([id, because]) => untestable(id, because))
  return { name, title, document, topology, engine, steps, untestable: untested }
}

// Outside a step there is no machine: whoever acts there hears so at once. Looks may be named, as they are lazy.
function unbound(name: string): Omit<Words, 'step'> {
  const refuse = (): never => {
    throw new Error(`lab ${name} acts outside a step: only step() may stand in a lab's body`)
  }
  const refusing = new Proxy(refuse, { get: (_, key) => (typeof key === 'symbol' ? undefined : refuse()) })
  return {
    $: refusing,
    look: bindLooks(refuse),
    expect: refusing,
    defer: refusing,
    fixture: refusing,
  } as unknown as Omit<Words, 'step'>
}
