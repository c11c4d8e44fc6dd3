import type { EngineChange } from '../events.ts'
import { isIn } from '../needs/version.ts'
import type { Evidence, Seen } from './evidence.ts'

/** Something that newer engines do otherwise, and what shows it. */
export interface Upgrade extends EngineChange {
  lab: string
  step: number
  /** The last engine before, and the first since, each with what is true there and was not asked, or not seen, of the other. */
  before: Side
  after: Side
}

export interface Side {
  /** `26.1` */
  engine: string
  /** An expectation in words; with what was seen where the words are the same on both. */
  shows: string[]
}

/** What newer engines do otherwise, of all that runs on engines of both kinds have seen; in the order of the evidence. */
export function upgradesOf(evidence: readonly Evidence[]): Upgrade[] {
  return evidence.flatMap(({ lab, steps }) =>
    steps.flatMap(({ number, changed = [], seen }) =>
      changed.flatMap(change => {
        const engines = [...new Set(seen.flatMap(({ on }) => on.map(engineOf)))].toSorted(byVersion)
        const before = engines.findLast(engine => isIn(`<${change.since}`, engine))
        const after = engines.find(engine => isIn(`>=${change.since}`, engine))
        if (before === undefined || after === undefined) return []
        const [old, now] = [expectationsOn(seen, before), expectationsOn(seen, after)]
        const sides = [
          { engine: before, shows: ownOf(old, now) },
          { engine: after, shows: ownOf(now, old) },
        ] as const
        return [{ ...change, lab, step: number, before: sides[0], after: sides[1] }]
      }),
    ),
  )
}

/** What shows an upgrade, as lines of a patch: `- 26.1  …` was so before, `+ 28.5  …` is so since. */
export function patch({ before, after }: Pick<Upgrade, 'before' | 'after'>): string[] {
  return [
    ...before.shows.map(text => `- ${before.engine}  ${plainly(text)}`),
    ...after.shows.map(text => `+ ${after.engine}  ${plainly(text)}`),
  ]
}

/** An expectation on one line, without its witness; of two values that were found equal, the value. */
function plainly(text: string): string {
  return text
    .replace(/\s*\n\s*/g, ' ')
    .replace(/, with \{.*\} as the witness that it was asked$/, '')
    .replace(/^expected (.+) to (?:deeply )?equal \1$/, '$1')
}

type Expectations = Seen['expectations']

function expectationsOn(seen: readonly Seen[], engine: string): Expectations {
  // What iptables-nft shows goes for both: it is what an engine does that is asked.
  const there =
    seen.find(({ on }) => on.includes(`${engine} nft`)) ??
    seen.find(({ on }) => on.some(place => engineOf(place) === engine))
  return there?.expectations ?? []
}

function ownOf(own: Expectations, others: Expectations): string[] {
  // One that is true twice here and once there is true once more here.
  const times = (all: Expectations, text: string) => all.filter(one => one.text === text).length
  const texts = own.filter(({ text }, i) => times(own.slice(0, i + 1), text) > times(others, text))
  if (texts.length > 0) return [...new Set(texts.map(({ text }) => text))]
  const saws = own.filter(({ text, saw }) => others.some(other => other.text === text && other.saw !== saw))
  return others.every(({ text }) => own.some(one => one.text === text))
    ? saws.map(({ text, saw }) => `${text}: ${saw}`)
    : []
}

function engineOf(place: string): string {
  return place.split(' ')[0] ?? ''
}

/** Which of two versions is the older, for a sort. */
function byVersion(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true })
}
