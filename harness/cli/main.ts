import { CommanderError } from 'commander'
import { HostError } from '../../vm/errors.ts'
import { failureInWords } from '../reporters/words.ts'
import { failureOf, InterruptedError } from '../run/failure.ts'
import { nobodyReads } from './interrupt.ts'
import { meantArguments, typedAfterNpm } from './npm-flags.ts'
import { program } from './program.ts'

/*
 * `npm run lab`: what was typed is read, done, and ended with an exit code that says whose turn it is.
 */

// `| head`: a reader that goes away is no fault. A run hears of it by its own listener, and stops.
let unwritten: Error | undefined
process.stdout.on('error', error => {
  if (!nobodyReads(error)) unwritten ??= error
})
process.stderr.on('error', () => {}) // There is nowhere to say so.

const exitCode = await main()
// An error of the last write is told after it.
await new Promise(setImmediate)
if (unwritten)
  tell(new HostError(`standard output can't be written: ${unwritten.message}`, { mend: 'make room there' }))
process.exitCode = exitCode === 0 && unwritten ? 2 : exitCode
// A handle that a library keeps open must not keep us.
process.exit()

async function main(): Promise<number> {
  try {
    const { env } = process
    const byNpm = env.npm_lifecycle_event === 'lab'
    // npm starts its scripts at the top of the project; a file is meant from where it was typed.
    if (byNpm && env.INIT_CWD) process.chdir(env.INIT_CWD)
    const typed = byNpm ? typedAfterNpm() : undefined
    const { args, note } = meantArguments({ args: process.argv.slice(2), env, typed })
    if (note !== undefined) process.stderr.write(`${note}\n`)
    let exitCode = 0
    await program(code => {
      exitCode = code
    }).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return usage(error)
    tell(error)
    return error instanceof HostError ? 2 : error instanceof InterruptedError ? 130 : 3
  }
}

function tell(error: unknown): void {
  process.stderr.write(`${failureInWords(failureOf(error, { place: '', mend: '' }))}\n`)
}

/** What commander finds wrong with the command line; help is nothing wrong. */
function usage({ exitCode, message }: CommanderError): number {
  if (exitCode === 0) return 0
  const [what = '', guess = ''] = message.replace(/^error: /, '').split('\n')
  const known = program(() => {})
    .options.map(({ flags }) => flags)
    .join('\n')
  const mend = `${guess === '' ? '' : `${guess.replace(/^\(|\)$/g, '')} `}Known flags:\n${known}`
  process.stderr.write(`${failureInWords({ kind: 'host', message: what, mend })}\n`)
  return 2
}
