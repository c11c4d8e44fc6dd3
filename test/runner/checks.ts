import { execa } from 'execa'
import { testFiles, top } from './tiers.ts'

/** What `npm run check` runs, all at once: seconds, no machine, no root. */
const checks: Record<string, string[]> = {
  types: ['node_modules/.bin/tsc', '-p', '.'],
  'lint and format': ['node_modules/.bin/biome', 'ci', '--colors=off', '--diagnostic-level=warn', '.'],
  'what the sources say': [
    process.execPath,
    'node_modules/mocha/bin/mocha.js',
    '--reporter=dot',
    ...testFiles('check'),
  ],
}

/** Runs every check and prints what the failed ones said; resolves to whether all of them held. */
export async function check(): Promise<boolean> {
  const ran = await Promise.all(
    Object.entries(checks).map(async ([name, [command = '', ...args]]) => {
      const start = performance.now()
      const result = await execa(command, args, { cwd: top, all: true, reject: false })
      return { name, ok: !result.failed, output: result.all || result.message, ms: performance.now() - start }
    }),
  )
  for (const { name, ok, output, ms } of ran) {
    if (!ok) process.stdout.write(`${output}\n`)
    process.stdout.write(`${ok ? '✓' : '✗'} ${name} (${(ms / 1000).toFixed(1)} s)\n`)
  }
  return ran.every(({ ok }) => ok)
}
