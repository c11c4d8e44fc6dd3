import { sandbox } from '../../../../vm/providers/sandbox.ts'
import { defaultSuite } from '../../../../vm/suite.ts'

/*
 * A process that owns two joined sandboxes, for tests that end such a process. Argument: `stay`, to wait to be killed, or `keep`, to leave
 * them joined. Prints one line of JSON: how each is removed, and what is said of the kept segment.
 */

const keep = process.argv[2] === 'keep'
const start = (hostname: string) =>
  sandbox.start({
    ...{ label: 'test', hostname, suite: defaultSuite, engine: false, keep, cold: false },
    report: () => {},
    signal: new AbortController().signal,
  })
const machines = await Promise.all([start('alpha'), start('beta')])
const plugs = machines.map((machine, i) => {
  return { machine, name: ['alpha', 'beta'][i] ?? '', mac: `02:00:00:00:01:0${i + 1}`, number: 1 }
})
const segment = await sandbox.join({ name: 'segment', plugs, keep })
if (!keep) await segment.listen(() => {})
for (const [i, machine] of machines.entries())
  await machine.exec(`ip address add 172.16.1.${i + 1}/24 dev eth1; ip link set eth1 up`)
const remove = machines.map(({ entry }) => entry.remove)
process.stdout.write(`${JSON.stringify({ remove, kept: segment.kept })}\n`)
if (!keep) await new Promise(resolve => setTimeout(resolve, 600_000))
await segment[Symbol.asyncDispose]()
for (const machine of machines) await machine[Symbol.asyncDispose]()
