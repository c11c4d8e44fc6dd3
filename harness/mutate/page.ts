import { table } from '../reporters/markdown.ts'
import { count, duration } from '../reporters/words.ts'
import { type Operator, operators } from './mutation.ts'
import { type LabMutations, type MutationReport, scoreOf, type Tried } from './report.ts'
import { percent } from './words.ts'

/** What breaking the labs came to, for people, in Markdown: sums by lab and by kind, and each survivor with its line and its reason. */
export function mutationsPage(reports: readonly MutationReport[]): string {
  const labs = reports.flatMap(({ labs, on }) => labs.map(lab => ({ ...lab, on })))
  const all = labs.flatMap(({ mutations }) => mutations)
  const machines = [...new Set(labs.map(({ machine }) => machine))].join('; ')
  const survivors = labs.flatMap(({ lab, mutations }) =>
    mutations.filter(({ outcome }) => outcome.result === 'survived').map(one => ({ lab, ...one })),
  )
  const parts = [
    '<!-- Made by `npm run lab mutations` of runs: change a lab instead. -->',
    '# Proof that the proofs can fail',
    'Each lab is broken on purpose, one change at a time, each time in a fresh machine: `npm run lab NAME -- --mutate`. A mutation is **killed**' +
      ' when an expectation, a documented command or the check of what is left behind turns red, in the step of the change or later. Commands that only look are not broken.' +
      ' What nothing can depend on is **not applicable**, and says why: a rule that no packet of the lab meets and no expectation names. The mutations themselves are in `docs/mutations`.',
    `In ${machines}. Whether a lab has changed since: \`npm run lab mutations\`.`,
    '## By lab',
    byLab(labs, all),
    '## By kind',
    byOperator(all),
    '## Survivors',
    survivors.length === 0
      ? 'None.'
      : table(
          ['lab', 'line', 'mutation', 'why nothing can see it'],
          survivors.map(({ lab, at, change, unseen }) => [lab, at?.where ?? '', change, unseen ?? '**unexplained**']),
        ),
  ]
  return `${parts.join('\n\n')}\n`
}

function byLab(labs: readonly (LabMutations & { on: string })[], all: readonly Tried[]): string {
  const rows = labs.map(({ lab, on, commands, looking, mutations }) => [
    lab,
    on,
    `${count(commands, 'command')}, ${looking} only look`,
    ...sums(mutations),
  ])
  return table(['lab', 'tried', 'commands', ...sumHeads], [...rows, ['all', '', '', ...sums(all)]])
}

function byOperator(all: readonly Tried[]): string {
  const rows = (Object.keys(operators) as Operator[]).map(operator => [
    operators[operator],
    ...sums(all.filter(one => one.operator === operator)),
  ])
  return table(['what is broken', ...sumHeads], rows)
}

const sumHeads = ['killed', 'survived', 'not applicable', 'score', 'a kill takes (median)']

function sums(mutations: readonly Tried[]): string[] {
  const score = scoreOf(mutations)
  const { killed, survived, notApplicable, medianMs } = score
  const share = killed + survived === 0 ? '' : percent(score)
  return [killed, survived, notApplicable].map(String).concat(share, medianMs === undefined ? '' : duration(medianMs))
}
