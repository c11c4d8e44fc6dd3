import { expect } from 'chai'
import type { RunEvent } from '../../harness/events.ts'
import { findLabs } from '../../harness/run/registry.ts'
import { run } from '../../harness/run/run.ts'
import type { Provider } from '../../vm/machine.ts'
import { qemu } from '../../vm/providers/qemu.ts'
import { sandbox } from '../../vm/providers/sandbox.ts'
import { defaultSuite, type Suite, suites } from '../../vm/suite.ts'
import { beginAll, inBackground } from './background.ts'

/** What failed in a run, in words; empty when every claim held. */
async function failures(provider: Provider, suite: Suite, names?: string[]): Promise<string[]> {
  const events: RunEvent[] = []
  const exitCode = await run({
    labs: (await findLabs()).filter(({ name }) => names?.includes(name) ?? true),
    provider,
    why: 'a test',
    suite,
    keep: false,
    reporters: [{ on: event => events.push(event) }],
    mochaReporters: [],
    signal: new AbortController().signal,
  })
  const failed = events.flatMap(event => (event.type === 'lab-ended' && event.failure ? [event.failure] : []))
  expect(exitCode === 0, `exit code ${exitCode}`).to.equal(failed.length === 0)
  return failed.map(({ message, where, saw }) => `${message}\n  where ${where}\n  saw   ${saw}`)
}

describe('every lab holds', function () {
  this.timeout(600_000)
  before(beginAll)

  // The longest first.
  const inMachine = inBackground(() => failures(qemu, defaultSuite, ['bridge-nat']), { long: true })
  for (const suite of suites) {
    const outcome = inBackground(() => failures(sandbox, suite), { long: true })
    it(`on ${suite} in the sandbox`, async () => expect(await outcome()).to.deep.equal([]))
  }
  it(`on ${defaultSuite} in a virtual machine: bridge-nat`, async () => expect(await inMachine()).to.deep.equal([]))
})
