import { readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { failureInWords } from '../../harness/reporters/words.ts'
import { HostError } from '../../vm/errors.ts'
import { installMissing } from '../../vm/host/packages.ts'
import { qemuProgram } from '../../vm/providers/qemu/argv.ts'
import { qemuVersion } from '../../vm/providers/qemu/version.ts'
import { type Fault, verdict } from './fault.ts'
import { faults } from './faults.ts'
import { hostState } from './host-state.ts'
import { type PrivateHost, privateHost } from './private-host.ts'
import { inMarkdown, tally, withCounts } from './tally.ts'
import { type Trial, trial } from './trial.ts'

/*
 * `npm run test:faults`: all that faults.ts names, at random moments, for ten minutes, in sandboxes and in virtual machines
 * side by side. Exit code 0 when nothing was left, no verdict was wrong and each next run worked.
 *
 *   -- --minutes 3               that long
 *   -- --only kill-init          that fault alone
 *   -- --seed 7                  the moments of that run, which has printed its seed
 *   -- --seed 7 --only kill-init/12    that trial again
 *   -- --write                   writes the counts into docs/reliability.md
 */

const document = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url))

let stopped = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopped = true
    console.log(`${signal}: ends with the trials that go on`)
  })
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof HostError)) throw error
  process.stderr.write(`${failureInWords({ kind: 'host', message: error.message, mend: error.mend })}\n`)
  process.exitCode = 2
}

async function main(): Promise<number> {
  const { seed, minutes, write, wanted, only } = meant()
  if (process.getuid?.() !== 0) throw new HostError('faults of sandboxes need root', { mend: 'use sudo' })
  await installMissing(['sandbox', 'qemu', 'test', 'faults'])
  console.log(`seed ${seed}, ${minutes} minutes`)
  const started = performance.now()
  const over = () => stopped || performance.now() - started > minutes * 60_000
  const setting = { seed, realLabs: true, hostState: await hostState() }
  const trials: Trial[] = []

  const lane = async (on: Fault['on']) => {
    const mine = wanted.filter(fault => fault.on === on)
    if (mine.length === 0) return
    await using host = await privateHost({ copied: true })
    await warmUp(host, on)
    for (let round = only ?? 0; !over(); round++) {
      for (const fault of mine) {
        if (over() || (wanted.length > 1 && !itsTurn(fault, round))) continue
        const begun = performance.now()
        const done = await trial(fault, round, { ...setting, host })
        trials.push(done)
        console.log(inWords(done, performance.now() - begun))
      }
      if (only !== undefined) return
    }
  }
  /** What a host remembers from its first run: whether KVM works, a template. It must end well at all. */
  const warmUp = async (host: PrivateHost, on: Fault['on']) => {
    const nothing: Fault = { name: 'nothing', what: 'nothing', on, engine: on === 'sandbox', may: [verdict] }
    const { problems, said } = await trial(nothing, 0, { ...setting, realLabs: false, host })
    if (problems.length > 0) throw new Error(`a run that nothing disturbs: ${problems.join('\n')}\n${said}`)
  }

  await Promise.all([lane('sandbox'), lane('qemu')])
  const counts = inMarkdown(tally(faults, trials))
  const bad = trials.filter(({ problems }) => problems.length > 0).length
  console.log(`\n${counts}\n\n${trials.length} trials, ${bad} with problems; seed ${seed}`)
  const lastedMin = Math.round((performance.now() - started) / 60_000)
  if (write) {
    const text = withCounts(await readFile(document, 'utf8'), `${await circumstances(seed, lastedMin)}\n\n${counts}`)
    await writeFile(document, text)
  }
  return stopped ? 130 : bad > 0 ? 1 : 0
}

/** Those that take long come from the second round on. */
function itsTurn({ every = 1 }: Fault, round: number): boolean {
  return round % every === 1 % every
}

function meant() {
  const usage = 'npm run test:faults -- [--seed N] [--minutes N] [--only NAME[/N]] [--write]'
  const { values } = (() => {
    try {
      return parseArgs({
        options: {
          seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
          minutes: { type: 'string', default: '10' },
          only: { type: 'string' },
          write: { type: 'boolean', default: false },
        },
      })
    } catch (cause) {
      throw new HostError(String((cause as Error).message), { mend: usage, cause })
    }
  })()
  const [name, number] = values.only?.split('/') ?? []
  const wanted = faults.filter(fault => name === undefined || fault.name === name)
  if (wanted.length === 0) {
    throw new HostError(`no fault is called "${name}"`, { mend: `there are ${faults.map(one => one.name).join(', ')}` })
  }
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new HostError(`"${values.minutes}" is no number of minutes`, { mend: usage })
  return {
    seed: values.seed,
    minutes,
    write: values.write,
    wanted,
    only: number === undefined ? undefined : Number(number),
  }
}

function inWords({ fault, number, lab, struckMs, exitCode, noticedMs, problems, said }: Trial, ms: number): string {
  const seconds = (time: number) => `${(time / 1000).toFixed(2)} s`
  const facts = [
    ...(struckMs === undefined ? [] : [`struck at ${seconds(struckMs)}`]),
    exitCode === undefined ? 'killed' : `exit code ${exitCode}`,
    ...(noticedMs === undefined ? [] : [`told after ${seconds(noticedMs)}`]),
  ]
  const lines = [
    `${problems.length === 0 ? '✓' : '✗'} ${fault}/${number} ${lab}: ${facts.join(', ')} (${seconds(ms)})`,
    ...problems.map(problem => problem.replaceAll(/^/gm, '    ')),
    ...(said ? [said.replaceAll(/^/gm, '    | ')] : []),
  ]
  return lines.join('\n')
}

async function circumstances(seed: string, minutes: number): Promise<string> {
  const qemu = (await qemuVersion(qemuProgram(process.arch) ?? '')) ?? 'no QEMU'
  const host = `Linux ${os.release()}, ${os.cpus().length} processors, QEMU ${/\d[\d.]*/.exec(qemu)?.[0]}, Node ${process.versions.node}`
  return `${new Date().toISOString().slice(0, 10)}, ${minutes} minutes, seed ${seed}, on ${host}:`
}
