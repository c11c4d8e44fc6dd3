import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { failureInWords } from '../harness/reporters/words.ts'
import { HostError } from '../vm/errors.ts'
import { installMissing } from '../vm/host/packages.ts'
import { ensureImage } from '../vm/image/image.ts'
import { suites } from '../vm/suite.ts'
import { check } from './checks.ts'

/*
 * `npm test`: the checks, then every test under c8, with what they need of this host installed first. Arguments go to
 * mocha: `npm test -- test/vm/suite.test.ts --grep bridge`. Exit code 0 when all checks and all tests passed, 2 when
 * this host lacks something that can't be installed.
 */

const top = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)
const files = args.some(arg => arg.endsWith('.ts')) ? [] : ['test/**/*.test.ts']
const c8 = [
  'node_modules/c8/bin/c8.js',
  '--reporter=text-summary',
  '--include=harness',
  '--include=vm',
  '--include=labs',
]
const report = (line: string) => process.stdout.write(`${line}\n`)
const never = new AbortController().signal

let checked = false
try {
  await installMissing(['sandbox', 'qemu', 'keep', 'test'])
  checked = await check()
  // All tests need all images. Made here, their builds share the processors, and slow no test down.
  if (args.length === 0) await Promise.all(suites.map(suite => ensureImage(suite, { report, signal: never })))
} catch (error) {
  if (!(error instanceof HostError)) throw error
  process.stderr.write(`${failureInWords({ kind: 'host', message: error.message, mend: error.mend })}\n`)
  process.exit(2)
}
const tested = await execa(
  process.execPath,
  [...c8, process.execPath, 'node_modules/mocha/bin/mocha.js', ...files, ...args],
  {
    cwd: top,
    stdio: ['ignore', 'inherit', 'inherit'],
    reject: false,
  },
)
// What root leaves in somebody's clone is theirs.
if (process.getuid?.() === 0) await execa('chown', ['-R', `--reference=${top}`, `${top}/coverage`], { reject: false })
if (!checked) process.stdout.write('npm run check failed: see the top of this report\n')
process.exitCode = checked && tested.exitCode === 0 ? 0 : 1
