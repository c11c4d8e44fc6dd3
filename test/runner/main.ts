import { getCompileCacheDir } from 'node:module'
import { execa } from 'execa'
import { fillCache } from '../../harness/cli/cache-fill.ts'
import { count, failureInWords } from '../../harness/reporters/words.ts'
import { defaultBackend } from '../../vm/backend.ts'
import { HostError } from '../../vm/errors.ts'
import { installMissing } from '../../vm/host/packages.ts'
import { ensureImage } from '../../vm/image/image.ts'
import { defaultSuite, type Suite, suites } from '../../vm/suite.ts'
import { affectedBy, choiceInWords } from '../changed/affected.ts'
import { type Asked, asked } from './arguments.ts'
import { check } from './checks.ts'
import { longestFirst, readDurations } from './durations.ts'
import { testHost } from './host.ts'
import { testFiles, tierOf, top } from './tiers.ts'
import { roomHere, workersThatFit } from './workers.ts'

/*
 * `npm test` and `npm run test:all`: the checks, then the tests, several files side by side, with what they need of this host installed
 * first. What is meant by arguments is in arguments.ts. Exit code 0 when all checks and all tests passed and nothing was left behind, 1
 * when not, 2 when this host lacks something that can't be installed.
 */

const c8 = [
  'node_modules/c8/bin/c8.js',
  '--reporter=text-summary',
  ...['harness', 'vm', 'labs'].map(of => `--include=${of}`),
]
const report = (line: string) => process.stdout.write(`${line}\n`)

try {
  process.exitCode = await main(asked(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof HostError)) throw error
  process.stderr.write(`${failureInWords({ kind: 'host', message: error.message, mend: error.mend })}\n`)
  process.exitCode = 2
}

async function main(request: Asked): Promise<number> {
  await installMissing(['sandbox', 'qemu', 'keep', 'test'])
  const chosen = await chosenBy(request)
  const checked = await check()
  if (request.files === undefined && chosen.length > 0) await prepare(request.all ? suites : [defaultSuite])
  const passed = chosen.length === 0 || (await test(longestFirst(chosen, readDurations()), request))
  if (!checked) report('npm run check failed: see the top of this report')
  return checked && passed ? 0 : 1
}

/** Makes here what all tests need, where no test's limit runs: images, whose builds share the processors, and what sandboxes take beside. */
async function prepare(needed: readonly Suite[]): Promise<void> {
  const signal = new AbortController().signal
  await Promise.all(needed.map(suite => ensureImage(suite, { report, signal })))
  if (process.getuid?.() !== 0) return
  await fillCache(needed.map(suite => ({ suite, backend: defaultBackend, on: 'sandbox' })))
}

/** The test files that are asked for. */
async function chosenBy({ all, changed, files }: Asked): Promise<string[]> {
  if (changed === undefined) return files ?? testFiles(...(all ? (['test', 'all'] as const) : (['test'] as const)))
  const choice = await affectedBy(changed)
  process.stdout.write(choiceInWords(choice))
  const affected = [...choice.chosen, ...(all ? choice.later : [])].map(({ file }) => file)
  // The checks have run all of theirs by then.
  return affected.filter(file => tierOf(file) !== 'check')
}

/** Runs these files; resolves to whether all of their tests passed and nothing was left behind. */
async function test(
  files: string[],
  { all, mocha, record }: Pick<Asked, 'all' | 'mocha' | 'record'>,
): Promise<boolean> {
  await using host = await testHost()
  const jobs = workersThatFit(roomHere())
  report(`${count(files.length, 'file')} of tests, ${jobs} side by side`)
  // Coverage is more exact without what Node keeps of its compilation, everything else is faster with it.
  const compiled = all ? undefined : getCompileCacheDir()
  const { exitCode } = await execa(
    process.execPath,
    [
      ...(all ? [...c8, process.execPath] : []),
      'node_modules/mocha/bin/mocha.js',
      '--parallel',
      `--jobs=${jobs}`,
      ...mocha,
      ...files,
    ],
    {
      cwd: top,
      stdio: ['ignore', 'inherit', 'inherit'],
      reject: false,
      env: {
        ...host.env,
        ...(all && { VETHLAB_TEST_TIER: 'all' }),
        ...(record && { VETHLAB_TEST_RECORD: '1' }),
        ...(compiled !== undefined && { NODE_COMPILE_CACHE: compiled }),
      },
    },
  )
  // What root leaves in somebody's clone is theirs.
  if (all && process.getuid?.() === 0)
    await execa('chown', ['-R', `--reference=${top}`, `${top}/coverage`], { reject: false })
  const left = await host.left()
  for (const what of left) report(`left behind: ${what}`)
  return exitCode === 0 && left.length === 0
}
