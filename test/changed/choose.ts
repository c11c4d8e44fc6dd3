import { type Tier, tierOf } from '../runner/tiers.ts'
import type { Tree } from './edges.ts'
import { type Reached, reachIn } from './reach.ts'
import { ofEveryTest, ofTheCheck } from './rules.ts'

/** Which test files a change can affect, and why. */
export interface Choice {
  /** What the change is since, as it was asked. */
  since: string
  /** The changed files, those that are gone among them. */
  changed: string[]
  /** The test files to be run, sorted. */
  chosen: Affected[]
  /** The same of those that `npm run check` runs, as ever. */
  checks: Affected[]
  /** The same of those that only `npm run test:all` runs. */
  later: Affected[]
  /** Changed files that no test reaches. */
  untested: string[]
  /** Changed files that the rest of `npm run check` reads, and nothing else, with what reads them. */
  checked: { file: string; why: string }[]
  /** How many test files `npm test` has. */
  of: number
}

export interface Affected {
  file: string
  /** The changed file that affects it, the nearest. */
  by: string
  why: string
}

export interface Change {
  changed: readonly string[]
  /** Those of them that are gone. */
  gone: ReadonlySet<string>
  /** Of what is kept by lab, the labs of which something has changed. */
  labsOf: ReadonlyMap<string, ReadonlySet<string>>
}

/** The tests that changed files can affect. `tree` has the files that are gone too. */
export function choose(
  tree: Tree,
  { changed, gone, labsOf }: Change,
  reach: (test: string) => Reached = reachIn(tree),
): Omit<Choice, 'since'> {
  const tests = [...tree.files].filter(file => tierOf(file) !== undefined && !gone.has(file)).sort()
  const runners = runnersOf(tree, reach)
  const runner = changed.find(file => runners.has(file))
  const reached = new Map(tests.map(test => [test, reach(test)]))
  const affected = tests.flatMap((file): Affected[] => {
    if (runner !== undefined) return [{ file, by: runner, why: `${runner} ${runners.get(runner)}` }]
    const paths = changed.flatMap(by => {
      const path = isOfOtherLabs(reached.get(file), labsOf.get(by)) ? undefined : pathTo(by, reached.get(file))
      return path ? [path] : []
    })
    const [nearest] = paths.toSorted((one, other) => one.length - other.length)
    return nearest ? [{ file, by: nearest.at(-1) ?? file, why: inWords(nearest) }] : []
  })
  // A check reads all sources, whatever they do.
  const tries = (test: string, file: string) => tierOf(test) !== 'check' || test === file || !file.endsWith('.ts')
  const isReached = (file: string) => tests.some(test => tries(test, file) && reached.get(test)?.has(file))
  const checked = changed.flatMap(file => {
    const why = ofTheCheck[file] ?? (tree.sources.get(file)?.runs === false ? 'it has types only' : undefined)
    return why === undefined || gone.has(file) ? [] : [{ file, why }]
  })
  const known = new Set([...gone, ...runners.keys(), ...checked.map(({ file }) => file)])
  const ofTier = (tier: Tier) => affected.filter(({ file }) => tierOf(file) === tier)
  return {
    changed: [...changed],
    chosen: ofTier('test'),
    checks: ofTier('check'),
    later: ofTier('all'),
    untested: changed.filter(file => !known.has(file) && !isReached(file)),
    checked,
    of: tests.filter(test => tierOf(test) === 'test').length,
  }
}

/** What every test is run by, each with the reason: more than one file, as these take others of test/. */
function runnersOf(tree: Tree, reach: (test: string) => Reached): Map<string, string> {
  const parts = Object.entries(ofEveryTest).flatMap(([file, why]) => {
    // The bootstrap starts all programs, each of which is reached as itself.
    if (file === 'bootstrap.cjs' || !tree.sources.has(file)) return []
    // What chooses tests runs none: its own tests are enough.
    return [...reach(file).keys()].flatMap((part): [string, string][] =>
      /^test\/(?!changed\/).*\.ts$/.test(part) ? [[part, why]] : [],
    )
  })
  return new Map([...parts, ...Object.entries(ofEveryTest)])
}

/** Whether what has changed of `labs` is none of a test's: it runs others. */
function isOfOtherLabs(reached: Reached | undefined, labs: ReadonlySet<string> | undefined): boolean {
  const own = [...(reached?.keys() ?? [])].flatMap(file => /^labs\/([\w-]+)\.ts$/.exec(file)?.[1] ?? [])
  return labs !== undefined && own.length > 0 && !own.some(lab => labs.has(lab))
}

/** The files from a test to one that it reaches, the test left out; undefined where it does not. */
function pathTo(file: string, reached: Reached | undefined): string[] | undefined {
  if (!reached?.has(file)) return undefined
  const path = [file]
  for (let at = reached.get(file); at !== undefined; at = reached.get(at)) path.unshift(at)
  return path.slice(1)
}

function inWords(path: readonly string[]): string {
  const [first, ...rest] = path
  if (first === undefined) return 'it has changed itself'
  return rest.length === 0 ? `it takes ${first}` : `it takes ${[first, ...rest].join(', that ')}`
}
