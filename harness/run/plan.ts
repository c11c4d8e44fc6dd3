import { type InLab, keyOf, type Shard } from '../events.ts'
import { cellsTold, type MachineCell } from './cell.ts'
import { type Durations, usually } from './durations.ts'
import type { LabFile } from './registry.ts'

/** One run of a lab that is to be made. */
export interface Planned {
  file: LabFile
  cell: MachineCell
  /** Counted from 1; undefined where each lab is run once. */
  repetition: number | undefined
  /** How its events name it. */
  of: InLab
}

/** All that is to be run, in order: each lab in each cell, as often as asked. */
export function planOf(labs: readonly LabFile[], cells: readonly MachineCell[], repeat: number): Planned[] {
  const told = cellsTold(cells)
  return labs.flatMap(file =>
    cells.flatMap((cell, nth) =>
      Array.from({ length: repeat }, (_, i) => {
        const repetition = repeat > 1 ? i + 1 : undefined
        const [lab, its] = [file.header.name, told.length > 1 ? told[nth] : undefined]
        const of = { lab, ...(repetition && { repetition }), ...(its && { cell: its }) }
        return { file, cell, repetition, of }
      }),
    ),
  )
}

/**
 * What of a plan falls to a shard, in the plan's order. Whoever splits the same plan the same way gets the same: the longest first,
 * each to the shard that has least so far. The runs of one lab in one cell stay together, as they are compared.
 */
export function shardOf(plan: readonly Planned[], { index, of }: Shard, durations: Durations): Planned[] {
  const groups = [...Map.groupBy(plan, ({ of: { repetition: _, ...rest } }) => keyOf(rest))].map(([key, runs]) => {
    const takes = ({ of, cell }: Planned) => usually(durations, of.lab, cell.provider.name)
    return { key, runs, takes: runs.reduce((sum, run) => sum + takes(run), 0) }
  })
  const longestFirst = groups.toSorted((one, other) => other.takes - one.takes || (one.key < other.key ? -1 : 1))
  const shards = Array.from({ length: of }, () => ({ takes: 0, runs: new Set<Planned>() }))
  for (const { runs, takes } of longestFirst) {
    const least = shards.reduce((best, shard) => (shard.takes < best.takes ? shard : best))
    least.takes += takes
    for (const run of runs) least.runs.add(run)
  }
  return plan.filter(run => shards[index - 1]?.runs.has(run))
}
