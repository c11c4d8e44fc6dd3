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
  /** The same of those that only `npm run test:all` runs. */
  later: Affected[]
  /** Changed files that no test reaches. */
  untested: string[]
  /** Changed files that `npm run check` alone reads, and why. */
  checked: { file: string; why: string }[]
  /** How many test files there are, without those for later. */
  of: number
}

export interface Affected {
  file: string
  /** The changed file that affects it, the nearest. */
  by: string
  why: string
}

const isTest = (file: string) => /^test\/.*\.test\.ts$/.test(file)
const isForLater = (file: string) => file.endsWith('.all.test.ts')

/** The tests that changed files can affect. `tree` has the files that are gone too. */
export function choose(tree: Tree, changed: readonly string[], gone: ReadonlySet<string>): Omit<Choice, 'since'> {
  const tests = [...tree.files].filter(file => isTest(file) && !gone.has(file)).sort()
  const reach = reachIn(tree)
  const runners = runnersOf(tree, reach)
  const runner = changed.find(file => runners.has(file))
  const reached = new Map(tests.map(test => [test, reach(test)]))
  const affected = tests.flatMap((file): Affected[] => {
    if (runner !== undefined) return [{ file, by: runner, why: `${runner} ${runners.get(runner)}` }]
    const paths = changed.flatMap(by => pathTo(by, reached.get(file)) ?? []).map(path => path.split('\n'))
    const [nearest] = paths.toSorted((one, other) => one.length - other.length)
    return nearest ? [{ file, by: nearest.at(-1) ?? file, why: inWords(nearest) }] : []
  })
  const untouched = changed.filter(
    file => !gone.has(file) && !runners.has(file) && !tests.some(test => reached.get(test)?.has(file)),
  )
  const checked = untouched.flatMap(file => {
    const why = ofTheCheck[file] ?? (tree.sources.get(file)?.runs === false ? 'it has types only' : undefined)
    return why === undefined ? [] : [{ file, why }]
  })
  return {
    changed: [...changed],
    chosen: affected.filter(({ file }) => !isForLater(file)),
    later: affected.filter(({ file }) => isForLater(file)),
    untested: untouched.filter(file => !checked.some(one => one.file === file)),
    checked,
    of: tests.filter(test => !isForLater(test)).length,
  }
}

/** What every test is run by, each with the reason: more than one file, as these take others of test/. */
function runnersOf(tree: Tree, reach: (test: string) => Reached): Map<string, string> {
  const parts = Object.entries(ofEveryTest).flatMap(([file, why]) => {
    // The bootstrap starts all programs, each of which is reached as itself.
    if (file === 'bootstrap.cjs' || !tree.sources.has(file)) return []
    // What chooses tests runs none: its own tests are enough.
    return [...reach(file).keys()].flatMap((part): [string, string][] =>
      /^test\/(?!changed\/)/.test(part) && !isTest(part) ? [[part, why]] : [],
    )
  })
  return new Map([...parts, ...Object.entries(ofEveryTest)])
}

/** The files from a test to one that it reaches, the test left out, a line each; undefined where it does not. */
function pathTo(file: string, reached: Reached | undefined): string | undefined {
  if (!reached?.has(file)) return undefined
  const path = [file]
  for (let at = reached.get(file); at !== undefined; at = reached.get(at)) path.unshift(at)
  return path.slice(1).join('\n')
}

function inWords(path: readonly string[]): string {
  const [first = '', ...rest] = path
  if (first === '') return 'it has changed itself'
  return rest.length === 0 ? `it takes ${first}` : `it takes ${[first, ...rest].join(', that ')}`
}
