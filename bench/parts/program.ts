import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { median } from './measure.ts'

const top = fileURLToPath(new URL('../..', import.meta.url))

/** What one run of a program took: seconds that passed, and of processor time. */
export interface Took {
  passed: number
  processor: number
}

/** Runs `npm run lab` with these arguments, from npm's start to its end; what it prints is thrown away. @throws where it fails */
export async function lab(...args: string[]): Promise<Took> {
  // What bash's `time` counts are its children, so npm, and all that these have waited for.
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&1'
  const { stderr } = await execa('bash', ['-c', script, 'bash', 'npm', 'run', '--silent', 'lab', ...args], {
    cwd: top,
    env: { LC_ALL: 'C' },
  })
  const [passed = Number.NaN, user = Number.NaN, system = Number.NaN] = stderr.trim().split(/\s+/).map(Number)
  return { passed, processor: user + system }
}

/** The medians of several runs. */
export function medians(took: readonly Took[]): Took {
  return { passed: median(took.map(one => one.passed)), processor: median(took.map(one => one.processor)) }
}
