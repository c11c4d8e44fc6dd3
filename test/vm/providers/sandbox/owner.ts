import { startSandbox } from '../../../../vm/providers/sandbox/start.ts'
import { defaultSuite } from '../../../../vm/suite.ts'

/*
 * A process that owns a sandbox, for tests that end such a process. Arguments: any of `engine`, `keep`, `stay`; a command
 * to run in the guest; the image's root file system. Prints one line of JSON (entry, and what the command printed), and with `stay` waits to be killed.
 */

const [flags = '', script = '', rootfs = ''] = process.argv.slice(2)
const machine = await startSandbox({
  report: () => {},
  signal: new AbortController().signal,
  suite: defaultSuite,
  rootfs,
  engine: flags.includes('engine'),
  label: 'test',
  keep: flags.includes('keep'),
})
const { stdout, stderr } = await machine.exec(script)
process.stdout.write(`${JSON.stringify({ entry: machine.entry, stdout, stderr })}\n`)
if (flags.includes('stay')) await new Promise(resolve => setTimeout(resolve, 600_000))
await machine[Symbol.asyncDispose]()
