import type { EngineChange } from '../events.ts'
import { normalised } from '../repeat/volatile.ts'
import { prompt } from '../reporters/words.ts'
import type { ProvenRun } from './ledger.ts'

/** What runs of a lab saw in the steps that prove claims, or that engines do otherwise: what was typed, what was judged, and what was seen. */
export interface Evidence {
  lab: string
  steps: StepEvidence[]
}

export interface StepEvidence {
  number: number
  title: string
  /** What newer engines do otherwise; absent where nothing. */
  changed?: EngineChange[]
  /** One for each group of engines on which the same was seen. */
  seen: Seen[]
}

export interface Seen {
  /** `26.1 nft` and so on. */
  on: string[]
  commands: string[]
  /** A text that was true, and what was seen of it. */
  expectations: { text: string; saw: string }[]
}

/** What is told of one thing that was seen; the whole of it is in the run's report. */
const longest = 400

/**
 * The evidence of these runs of one lab, of several in one place the last that did the step; what none of them could do stays as it was
 * `before`, normalised by today's rules.
 */
export function evidenceOf(lab: string, runs: readonly ProvenRun[], before: Evidence | undefined): Evidence {
  const own = runs.filter(run => run.lab.name === lab)
  const last = own.at(-1)
  if (!last) return { lab, steps: before?.steps.map(step => ({ ...step, seen: step.seen.map(again) })) ?? [] }
  // Reports of older runs do not know what changed.
  const steps = last.lab.steps.filter(({ judgements, changed = [] }) => judgements.length + changed.length > 0)
  return {
    lab,
    steps: steps.map(({ number, title, changed = [] }) => {
      const old = before?.steps.find(step => step.title === title)?.seen.map(again) ?? []
      const all = own.flatMap(run => {
        const step = run.lab.steps.find(step => step.number === number && step.status === 'passed')
        if (!step) return []
        const on = `${run.cell.engine} ${run.cell.backend}`
        const commands = step.commands.map(command => normalised(`${prompt(command)} ${command.command}`))
        const expectations = step.expectations.map(({ text, saw }) => ({ text: short(text), saw: short(saw) }))
        return [{ on, commands, expectations }]
      })
      const made = all.filter(({ on }, i) => all.findLastIndex(one => one.on === on) === i)
      const kept = old.flatMap(({ on, ...seen }) =>
        on.filter(place => !made.some(one => one.on === place)).map(place => ({ on: place, ...seen })),
      )
      const inOrder = [...made, ...kept].toSorted((one, other) =>
        one.on.localeCompare(other.on, 'en', { numeric: true }),
      )
      const alike = Map.groupBy(inOrder, ({ commands, expectations }) => JSON.stringify([commands, expectations]))
      const seen = [...alike.values()].flatMap(group =>
        group.slice(0, 1).map(({ commands, expectations }) => {
          return { on: group.map(({ on }) => on), commands, expectations }
        }),
      )
      return { number, title, ...(changed.length > 0 && { changed }), seen }
    }),
  }
}

/** What was seen, by today's rules. */
function again({ on, commands, expectations }: Seen): Seen {
  return {
    on,
    commands: commands.map(normalised),
    expectations: expectations.map(({ text, saw }) => ({ text: normalised(text), saw: normalised(saw) })),
  }
}

function short(text: string): string {
  const told = normalised(text)
  return told.length > longest ? `${told.slice(0, longest)}…` : told
}
