import { isIn } from '../needs/version.ts'
import { normalised } from '../repeat/volatile.ts'
import type { ProvenRun } from './ledger.ts'
import type { Side } from './upgrades.ts'

/** Rules that a lab expects of one engine and not of the next, with no word on what changed. */
export interface Undeclared {
  lab: string
  step: number
  before: Side
  after: Side
}

/** Where labs expect other rules of a newer engine, and none of their steps says what has changed since. */
export function undeclaredChanges(runs: readonly ProvenRun[]): Undeclared[] {
  const inOrder = runs
    .filter(({ cell }) => cell.backend === 'nft')
    .toSorted((one, other) => one.cell.engine.localeCompare(other.cell.engine, 'en', { numeric: true }))
  return [...Map.groupBy(inOrder, ({ lab }) => lab.name)].flatMap(([lab, its]) =>
    its.slice(1).flatMap((newer, i) => {
      const older = its[i]
      if (!older || older.cell.engine === newer.cell.engine) return []
      const said = newer.lab.steps
        .flatMap(({ changed = [] }) => changed)
        .some(({ since }) => isIn(`>=${since}`, newer.cell.engine) && isIn(`<${since}`, older.cell.engine))
      if (said) return []
      return newer.lab.steps.flatMap(({ number }) => {
        const [was, is] = [rulesIn(older, number), rulesIn(newer, number)]
        // What one of them could not do says nothing.
        if (was === undefined || is === undefined) return []
        const before = { engine: older.cell.engine, shows: [...was.difference(is)] }
        const after = { engine: newer.cell.engine, shows: [...is.difference(was)] }
        return before.shows.length + after.shows.length > 0 ? [{ lab, step: number, before, after }] : []
      })
    }),
  )
}

function rulesIn({ lab }: ProvenRun, number: number): Set<string> | undefined {
  const step = lab.steps.find(one => one.number === number && one.status === 'passed')
  const texts = step?.expectations.map(({ text }) => normalised(text)).filter(text => / rule -/.test(text))
  return texts && new Set(texts)
}
