import type { Difference } from '../events.ts'
import type { Account } from './account.ts'
import { normalised } from './volatile.ts'

/** In what the runs of a lab differ; nothing where they are alike. */
export function differences(accounts: Account[]): Difference[] {
  const steps = new Set(accounts.flatMap(({ steps }) => [...steps.keys()]))
  return [
    ...difference('how it ended', accounts, ended),
    // How far a step came that failed is told by its failure.
    ...[...steps].flatMap(step => [
      ...difference(`commands of step ${step}`, accounts, account => account.steps.get(step)?.commands),
      ...difference(`expectations of step ${step}`, accounts, account => account.steps.get(step)?.expectations),
    ]),
    ...difference('commands of the clean-up', accounts.filter(passed), ({ undo }) => undo),
    ...difference('what stayed behind', accounts.filter(passed), ({ residue }) => residue),
  ]
}

function passed({ status }: Account): boolean {
  return status === 'passed'
}

function ended({ status, failure, failedStep }: Account): string[] {
  if (!failure) return [status]
  const where = failedStep === undefined ? '' : ` in step ${failedStep}`
  return [`${status}${where}: ${normalised(failure.message)}`]
}

/** The runs in groups that have the same lines in whatever order; a run that has none doesn't count. */
function difference(what: string, accounts: Account[], of: (account: Account) => string[] | undefined): Difference[] {
  const runs = accounts.flatMap(account => {
    const lines = of(account)?.toSorted()
    return lines ? [{ lines, repetition: account.repetition }] : []
  })
  const groups = [...Map.groupBy(runs, ({ lines }) => lines.join('\n')).values()]
  if (groups.length < 2) return []
  const all = groups.map(([first]) => first?.lines ?? [])
  const variants = groups.map((group, i) => {
    const own = notInAll(all[i] ?? [], all)
    return { repetitions: group.map(({ repetition }) => repetition), saw: own.join('\n') || 'none of these' }
  })
  return [{ what, variants }]
}

/** The lines that not every list has, or not as often: `3 × line` where it stands several times. */
function notInAll(lines: string[], lists: string[][]): string[] {
  const times = (list: string[], line: string) => list.filter(other => other === line).length
  return [...new Set(lines)].flatMap(line => {
    const n = times(lines, line)
    if (lists.every(list => times(list, line) === n)) return []
    return [n > 1 ? `${n} × ${line}` : line]
  })
}
