/*
 * What reaches what, beyond imports and paths: each a fact of this project, with its reason.
 */

/**
 * A module that hands on what it imports, each under a word of the labs': who never says the word never gets there. The words are read
 * out of its text: the properties of the objects that `within` makes, or the first strings of what it calls.
 */
export interface Switchboard {
  within: readonly string[]
  /** Modules that take it to hand it on whole, and say none of its words themselves. */
  passedBy?: readonly string[]
  by: 'property' | 'call' | 'command'
}

export const switchboards: Readonly<Record<string, Switchboard>> = {
  // `look.fdb(…)`
  'harness/looks/look.ts': {
    ...{ within: ['looksFrom'], by: 'property' },
    passedBy: ['harness/run/words.ts', 'harness/run/register.ts'],
  },
  // `expect(…).to.have.rule(…)`
  'harness/expect/plugin.ts': { within: ['networkAssertions'], by: 'call', passedBy: ['harness/expect/expect.ts'] },
  // `fixture`, and a segment's `capture`
  'harness/run/words.ts': {
    ...{ within: ['bindWords', 'machineWords', 'segmentWords'], by: 'property' },
    passedBy: ['harness/run/lab-run.ts'],
  },
  // `npm run lab coverage`
  'harness/cli/program.ts': { within: ['program'], by: 'command', passedBy: ['harness/cli/main.ts'] },
  // `fixture.nameServer(…)`
  'harness/containers/fixtures.ts': { within: ['bindFixtures'], by: 'property', passedBy: ['harness/run/words.ts'] },
}

/** Where `bootstrap.cjs NAME` finds the program. */
export const bootstrap = { file: 'bootstrap.cjs', programs: 'programs' }

/**
 * The command line: whether it reads the whole catalogue depends on what it is told, not on what it imports. To run one lab it loads the
 * others too, and needs no more of them than that they load: `registry.test.ts`, which runs for each lab, says so.
 */
export const commandLine = 'harness/cli/main.ts'

/** Where `findLabs` is, by which one gets to all labs. */
export const registry = 'harness/run/registry.ts'

/** What reads all labs of what is typed after `npm run lab`; `rm --all` is of machines, and `npm run …` a text for people. */
export const readsAllLabs =
  /^(?!(?:bootstrap\.cjs lab )?rm |npm |.*\bnsenter )(?:.*(?:^| )--(?:all|only)\b|(?:bootstrap\.cjs lab )?(?:coverage|why|ledger|mutations|matrix|docs)(?= |$))/

/** Data that is read for one purpose: only by who says one of these. */
export const readFor: Readonly<Record<string, { says: readonly string[]; because: string }>> = {
  'labs/durations.json': { says: ['shard', '--shard', 'matrix', 'docs'], because: 'a run is cut into shards by it' },
}

/** Those that start programs of theirs under our names. */
export const startsNothingOfOurs: Readonly<Record<string, string>> = {
  'test/bootstrap.test.ts': 'copies bootstrap.cjs into projects of its own, whose programs it writes',
}

/** What chooses the tests names many files, here and in made-up projects, and opens none by these names. */
export const opensNothing = /^test\/changed\//

/** Those that make the path of a lab, and do not open it. */
export const opensNoLab: Readonly<Record<string, string>> = {
  'harness/run/told.ts': 'tells mocha where the lab of an earlier run stands',
}

/** The files of one lab, and its name: who reads a lab by its name reads no other's. */
export function labOf(file: string): string | undefined {
  return /^(?:labs|docs\/labs|docs\/mutations|docs\/evidence)\/([\w-]+)\.(?:ts|md|json)$/.exec(file)?.[1]
}

/** JSON with what belongs to each lab under its name: a change of one lab's part is none of another's. */
export const keptByLab: ReadonlySet<string> = new Set(['test/breaks/shortcuts.json'])

/** What runs the tests is started by no test. */
export const runner = 'test/runner/main.ts'

/** Who changes these changes how every test is run. */
export const ofEveryTest: Readonly<Record<string, string>> = {
  'package.json': 'says which packages are there',
  'package-lock.json': 'says which packages are there',
  '.npmrc': 'says how packages are installed',
  'bootstrap.cjs': 'starts all that is run',
  '.mocharc.json': 'says how mocha runs',
  [runner]: 'runs the tests',
}

/** Read by `npm run check`, which runs before any test, and by nothing else. */
export const ofTheCheck: Readonly<Record<string, string>> = {
  'tsconfig.json': 'tsc reads it',
  'biome.json': 'biome reads it',
}
