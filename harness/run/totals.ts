import type { RunEvent, Totals } from '../events.ts'

/** Counts what a run's events tell; what it never came to counts as skipped. */
export function tally(): { on(event: RunEvent): void; sum(): Totals } {
  const totals: Totals = {
    labs: { passed: 0, failed: 0, skipped: 0 },
    steps: { passed: 0, failed: 0, skipped: 0 },
    commands: 0,
    expectations: { passed: 0, failed: 0 },
  }
  let all = { labs: 0, steps: 0 }
  return {
    on(event) {
      if (event.type === 'run-started') {
        const steps = new Map(event.labs.map(lab => [lab.name, lab.steps.length]))
        all = { labs: event.runs.length, steps: event.runs.reduce((sum, { lab }) => sum + (steps.get(lab) ?? 0), 0) }
      } else if (event.type === 'lab-ended') totals.labs[event.status] += 1
      else if (event.type === 'step-ended') totals.steps[event.status] += 1
      else if (event.type === 'command') totals.commands += 1
      else if (event.type === 'expectation') totals.expectations[event.status] += 1
    },
    sum() {
      for (const kind of ['labs', 'steps'] as const)
        totals[kind].skipped = all[kind] - totals[kind].passed - totals[kind].failed
      return totals
    },
  }
}
