import type { RunEvent, Totals } from '../events.ts'

/** Counts what a run's events tell. */
export function tally(): { on(event: RunEvent): void; sum(): Totals } {
  const totals: Totals = {
    labs: { passed: 0, failed: 0, skipped: 0 },
    steps: { passed: 0, failed: 0, skipped: 0 },
    commands: 0,
    expectations: { passed: 0, failed: 0 },
  }
  return {
    on(event) {
      if (event.type === 'lab-ended') totals.labs[event.status] += 1
      else if (event.type === 'step-ended') totals.steps[event.status] += 1
      else if (event.type === 'command') totals.commands += 1
      else if (event.type === 'expectation') totals.expectations[event.status] += 1
    },
    sum: () => totals,
  }
}
