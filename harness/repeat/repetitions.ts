import { type InLab, keyOf, type LabEvent, type LabRepeated, labOf, type RunEvent } from '../events.ts'
import { type Account, accountOf } from './account.ts'
import { differences } from './compare.ts'

/** Gathers what the runs of each lab came to. */
export interface Repetitions {
  on(event: RunEvent): void
  /** Each lab's runs in each cell compared, in their order. */
  compared(): LabRepeated[]
}

/** An empty gathering. */
export function repetitions(): Repetitions {
  const going = new Map<string, LabEvent[]>()
  const accounts = new Map<string, { of: InLab; all: Account[] }>()
  return {
    on(event) {
      if (event.type === 'run-started') {
        for (const { repetition: _, ...of } of event.runs) accounts.set(keyOf(of), { of, all: [] })
      }
      const of = labOf(event)
      if (!of || !isOfLab(event)) return
      const key = keyOf(of)
      if (event.type === 'lab-started') going.set(key, [])
      going.get(key)?.push(event)
      if (event.type === 'lab-ended') {
        const { repetition = 1, ...lab } = of
        accounts.get(keyOf(lab))?.all.push(accountOf(going.get(key) ?? [], repetition))
        going.delete(key)
      }
    },
    compared: () => [...accounts.values()].map(({ of, all }) => compared(of, all)),
  }
}

function compared(of: InLab, accounts: Account[]): LabRepeated {
  // What was broken off, had no machine, or one that lacks what it needs, says nothing of the lab.
  const told = accounts
    .filter(
      ({ status, failure }) => status !== 'skipped' && failure?.kind !== 'interrupted' && failure?.kind !== 'host',
    )
    .toSorted((one, other) => one.repetition - other.repetition)
  const passed = told.filter(({ status }) => status === 'passed').length
  return { type: 'lab-repeated', ...of, runs: told.length, passed, differences: differences(told) }
}

function isOfLab(event: RunEvent): event is LabEvent {
  return labOf(event) !== undefined
}
