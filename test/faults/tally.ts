import type { Fault } from './fault.ts'
import type { Trial } from './trial.ts'

/** What many trials of one fault came to. */
export interface Tally {
  what: string
  trials: number
  /** How often each end came, most often first: `3 (machine died) 11, 0 (held) 1`. */
  ends: string
  /** The longest that it took until it was told, in seconds; undefined where nothing is to be told. */
  worstS: number | undefined
  problems: number
}

/** One for each fault that was tried, in their order. */
export function tally(faults: Pick<Fault, 'name' | 'what'>[], trials: Trial[]): Tally[] {
  return faults.flatMap(({ name, what }) => {
    const own = trials.filter(({ fault }) => fault === name)
    if (own.length === 0) return []
    const ends = Map.groupBy(own, ({ exitCode }) => words[exitCode ?? 'killed'] ?? `exit code ${exitCode}`)
    const counted = [...ends].map(([end, those]) => ({ end, count: those.length })).sort((a, b) => b.count - a.count)
    const noticed = own.flatMap(({ noticedMs }) => noticedMs ?? [])
    return {
      what,
      trials: own.length,
      ends: counted.map(({ end, count }) => `${count} × ${end}`).join(', '),
      worstS: noticed.length > 0 ? Math.max(...noticed) / 1000 : undefined,
      problems: own.filter(({ problems }) => problems.length > 0).length,
    }
  })
}

const words: Record<number | 'killed', string> = {
  0: 'every claim held (0)',
  1: 'a claim failed (1)',
  2: 'the host lacks something (2)',
  3: 'the machine died (3)',
  130: 'interrupted (130)',
  killed: 'killed, nothing said',
}

/** The tallies as a table of Markdown, with the sums below. */
export function inMarkdown(tallies: Tally[]): string {
  const sum = (of: (one: Tally) => number) => tallies.reduce((total, one) => total + of(one), 0)
  const rows = tallies.map(
    ({ what, trials, ends, worstS, problems }) =>
      `| ${what} | ${trials} | ${ends} | ${worstS === undefined ? '' : `${worstS.toFixed(1)} s`} | ${problems} |`,
  )
  return [
    '| what was done | trials | ended with | told after at most | problems |',
    '|---|---|---|---|---|',
    ...rows,
    `| **all** | **${sum(({ trials }) => trials)}** | | | **${sum(({ problems }) => problems)}** |`,
  ].join('\n')
}

/** A document whose part between the two marks is replaced. Throws where it has none. */
export function withCounts(document: string, counts: string): string {
  const [begin, end] = ['<!-- counts -->', '<!-- /counts -->']
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the document has no ${begin} … ${end}`)
  return `${document.slice(0, from)}${begin}\n\n${counts}\n\n${document.slice(to)}`
}
