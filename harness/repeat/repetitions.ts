import { type LabEvent, type LabRepeated, labOf, type RunEvent } from '../events.ts'
import { type Account, accountOf } from './account.ts'
import { differences } from './compare.ts'

/** Gathers what the runs of each lab came to. */
export interface Repetitions {
  on(event: RunEvent): void
  /** Each lab's runs compared, in the order of the labs. */
  compared(): LabRepeated[]
}

/** An empty gathering. */
export function repetitions(): Repetitions {
  const going = new Map<string, LabEvent[]>()
  const accounts = new Map<string, Account[]>()
  return {
    on(event) {
      if (event.type === 'run-started') for (const { name } of event.labs) accounts.set(name, [])
      const of = labOf(event)
      if (!of || !isOfLab(event)) return
      const key = `${of.repetition} ${of.lab}`
      if (event.type === 'lab-started') going.set(key, [])
      going.get(key)?.push(event)
      if (event.type === 'lab-ended') {
        accounts.get(of.lab)?.push(accountOf(going.get(key) ?? [], of.repetition))
        going.delete(key)
      }
    },
    compared: () => [...accounts].map(([lab, all]) => compared(lab, all)),
  }
}

function compared(lab: string, accounts: Account[]): LabRepeated {
  // What was broken off, had no machine, or one that lacks what it needs, says nothing of the lab.
  const told = accounts
    .filter(
      ({ status, failure }) => status !== 'skipped' && failure?.kind !== 'interrupted' && failure?.kind !== 'host',
    )
    .toSorted((one, other) => one.repetition - other.repetition)
  const passed = told.filter(({ status }) => status === 'passed').length
  return { type: 'lab-repeated', lab, runs: told.length, passed, differences: differences(told) }
}

function isOfLab(event: RunEvent): event is LabEvent {
  return labOf(event) !== undefined
}
