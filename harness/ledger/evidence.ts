import { normalised } from '../repeat/volatile.ts'
import { prompt } from '../reporters/words.ts'
import type { ProvenRun } from './ledger.ts'

/** What runs of a lab saw in the steps that prove claims: what was typed, what was judged, and what was seen. */
export interface Evidence {
  lab: string
  steps: StepEvidence[]
}

export interface StepEvidence {
  number: number
  title: string
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

/** The evidence of these runs of one lab; what none of them could do stays as it was `before`. */
export function evidenceOf(lab: string, runs: readonly ProvenRun[], before: Evidence | undefined): Evidence {
  const own = runs.filter(run => run.lab.name === lab)
  const steps = (own[0]?.lab.steps ?? []).filter(({ judgements }) => judgements.length > 0)
  return {
    lab,
    steps: steps.map(({ number, title }) => {
      const old = before?.steps.find(step => step.title === title)?.seen ?? []
      const made = own.flatMap(run => {
        const step = run.lab.steps.find(step => step.number === number && step.status === 'passed')
        if (!step) return []
        const on = `${run.cell.engine} ${run.cell.backend}`
        const commands = step.commands.map(command => normalised(`${prompt(command)} ${command.command}`))
        const expectations = step.expectations.map(({ text, saw }) => ({ text: short(text), saw: short(saw) }))
        return [{ on, commands, expectations }]
      })
      const kept = old.flatMap(({ on, ...seen }) =>
        on.filter(place => !made.some(one => one.on === place)).map(place => ({ on: place, ...seen })),
      )
      const alike = Map.groupBy([...made, ...kept], ({ commands, expectations }) =>
        JSON.stringify([commands, expectations]),
      )
      const seen = [...alike.values()].flatMap(group =>
        group.slice(0, 1).map(({ commands, expectations }) => {
          return { on: [...new Set(group.map(({ on }) => on))].toSorted(), commands, expectations }
        }),
      )
      return { number, title, seen }
    }),
  }
}

function short(text: string): string {
  const told = normalised(text)
  return told.length > longest ? `${told.slice(0, longest)}…` : told
}
