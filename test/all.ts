import { execa } from 'execa'
import { check } from './checks.ts'

/*
 * `npm test`: the checks, then every test under c8. Arguments go to mocha: `npm test -- test/vm/suite.test.ts --grep bridge`.
 * Exit code 0 when all checks and all tests passed.
 */

const top = new URL('..', import.meta.url).pathname
const args = process.argv.slice(2)
const files = args.some(arg => arg.endsWith('.ts')) ? [] : ['test/**/*.test.ts']
const c8 = [
  'node_modules/c8/bin/c8.js',
  '--reporter=text-summary',
  '--include=harness',
  '--include=vm',
  '--include=labs',
]

const checked = await check()
const tested = await execa(
  process.execPath,
  [...c8, process.execPath, 'node_modules/mocha/bin/mocha.js', ...files, ...args],
  {
    cwd: top,
    stdio: ['ignore', 'inherit', 'inherit'],
    reject: false,
  },
)
if (!checked) process.stdout.write('npm run check failed: see the top of this report\n')
process.exitCode = checked && tested.exitCode === 0 ? 0 : 1
