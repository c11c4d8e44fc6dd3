import { count, duration } from '../reporters/words.ts'
import type { LabMutations, Score, Tried } from './report.ts'
import { idleExplanations, scoreOf } from './report.ts'

/** One line for a mutation that was decided. */
export function triedInWords(lab: string, { id, change, outcome, unseen }: Tried): string {
  const text = `${lab} ${id}: ${oneLine(change)}`
  if (outcome.result === 'killed') {
    const { step, ms, kind, message } = outcome.by
    const where = step === null ? 'by what is left behind' : `in step ${step}`
    return `✔ killed ${where} after ${duration(ms)}  ${text}\n    ${kind}: ${oneLine(message)}`
  }
  if (outcome.result === 'survived')
    return unseen === null ? `✖ survived  ${text}` : `· survived  ${text}\n    as nothing can see it: ${unseen}`
  return `· ${outcome.result}  ${text}\n    ${oneLine(outcome.because)}`
}

/** A score in one line: `96 % killed: 43 of 45, median 1.1 s; 2 survived, 1 unexplained; 12 not applicable`. */
export function scoreInWords(score: Score): string {
  const { killed, survived, unexplained, notApplicable, untried, medianMs } = score
  const parts = [
    `${percent(score)} killed: ${killed} of ${killed + survived}${medianMs === undefined ? '' : `, in ${duration(medianMs)} (median)`}`,
    ...(survived > 0
      ? [`${survived} survived${unexplained > 0 ? `, ${unexplained} of them unexplained` : ', all explained'}`]
      : []),
    ...(notApplicable > 0 ? [`${notApplicable} not applicable`] : []),
    ...(untried > 0 ? [`${untried} untried`] : []),
  ]
  return parts.join('; ')
}

export function percent({ score }: Score): string {
  return `${(Math.floor(score * 1000) / 10).toFixed(1)} %`
}

/** What breaking labs came to: a line for each lab, its survivors with their lines, and the sum. */
export function mutationsInWords(labs: readonly LabMutations[]): string {
  const lines = labs.flatMap(made => [
    `${made.lab}: ${count(made.commands, 'command')}, ${made.looking} of them only look; ${scoreInWords(scoreOf(made.mutations))}`,
    ...made.mutations
      .filter(
        ({ outcome, unseen }) => outcome.result === 'untried' || (outcome.result === 'survived' && unseen === null),
      )
      .map(
        ({ at, id, change, outcome }) =>
          `  ${outcome.result}  ${at?.where ?? 'as the machine comes up'}  ${id}: ${oneLine(change)}`,
      ),
    ...idleExplanations(made).map(
      pattern => `  explained for nothing, as what it says is seen or not there: /${pattern}/`,
    ),
  ])
  const sum = `${count(labs.length, 'lab')}: ${scoreInWords(scoreOf(labs.flatMap(({ mutations }) => mutations)))}`
  return `${[...lines, ...(labs.length > 1 ? [sum] : [])].join('\n')}\n`
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 160 ? `${line.slice(0, 160)}…` : line
}
