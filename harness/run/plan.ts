import { type InLab, keyOf, type Shard } from '../events.ts'
import { cellsTold, type MachineCell } from './cell.ts'
import { type Durations, usually } from './durations.ts'
import type { LabFile } from './registry.ts'
import { shareOf } from './shares.ts'

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

/** What of a plan falls to a shard, in the plan's order. The runs of one lab in one cell stay together, as they are compared. */
export function shardOf(plan: readonly Planned[], shard: Shard, durations: Durations): Planned[] {
  const runTakes = ({ of, cell }: Planned) => usually(durations, of.lab, cell.provider.name)
  const groups = [...Map.groupBy(plan, ({ of: { repetition: _, ...rest } }) => keyOf(rest))]
  const share = shareOf(groups, shard, {
    key: ([key]) => key,
    takes: ([, runs]) => runs.reduce((sum, run) => sum + runTakes(run), 0),
  })
  const runs = new Set(share.flatMap(([, runs]) => runs))
  return plan.filter(run => runs.has(run))
}
