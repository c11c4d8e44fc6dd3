import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const top = fileURLToPath(new URL('../..', import.meta.url))

/**
 * When a test is run, by the end of its file's name:
 *
 * - `check`, `x.check.test.ts`: by `npm run check`. It reads the sources and starts nothing.
 * - `test`, `x.test.ts`: by `npm test`, before each landing.
 * - `all`, `x.all.test.ts`: by `npm run test:all` alone, as it takes other suites, an emulated machine, or long.
 */
export type Tier = 'check' | 'test' | 'all'

/** The tier of a file below test/; undefined where it is no test. */
export function tierOf(file: string): Tier | undefined {
  const [, marks] = /^test\/.*?[^/.]((?:\.[a-z]+)?)\.test\.ts$/.exec(file) ?? []
  if (marks === '') return 'test'
  return marks === '.check' ? 'check' : marks === '.all' ? 'all' : undefined
}

/** Every test file of these tiers, as paths from the top of the project. */
export function testFiles(...tiers: Tier[]): string[] {
  const files = globSync('test/**/*.test.ts', { cwd: top }).toSorted()
  return files.filter(file => {
    const tier = tierOf(file)
    return tier !== undefined && tiers.includes(tier)
  })
}
