import { parseArgs } from 'node:util'
import { type Fault, verdict } from './fault.ts'
import { faults } from './faults.ts'
import { type PrivateHost, privateHost } from './private-host.ts'
import { type Trial, trial } from './trial.ts'

/*
 * `npm run test:faults`: what can go wrong, at random moments, for ten minutes; see faults.ts for the list. The seed is
 * printed: `-- --seed 7 --only kill-cli/12` does that trial again.
 */

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    only: { type: 'string' },
    minutes: { type: 'string', default: '10' },
  },
})
const seed = Number(values.seed)
const [onlyName, onlyNumber] = values.only?.split('/') ?? []
const wanted = faults.filter(({ name }) => onlyName === undefined || name === onlyName)
if (wanted.length === 0) {
  process.stderr.write(`there is no fault "${onlyName}"; known: ${faults.map(({ name }) => name).join(', ')}\n`)
  process.exit(2)
}
const deadline = performance.now() + Number(values.minutes) * 60_000
console.log(`seed ${seed}`)

const trials: Trial[] = []
await Promise.all(
  (['sandbox', 'qemu'] as const).map(async on => {
    const lane = wanted.filter(fault => fault.on === on)
    if (lane.length === 0) return
    await using host = await privateHost({ copied: true })
    await warmUp(host, on)
    for (let number = Number(onlyNumber ?? 0); performance.now() < deadline; number++) {
      for (const fault of lane) {
        if (performance.now() > deadline) break
        if (onlyName === undefined && !itsTurn(fault, number)) continue
        const started = performance.now()
        const done = await trial(fault, number, { host, seed, realLabs: true })
        trials.push(done)
        tell(done, performance.now() - started)
      }
      if (onlyNumber !== undefined) break
    }
  }),
)
const bad = trials.filter(({ problems }) => problems.length > 0)
console.log(`${trials.length} trials, ${bad.length} with problems`)
process.exitCode = bad.length > 0 ? 1 : 0

/** What a host remembers from its first run: whether KVM works, a template. An undisturbed run must end well at all. */
async function warmUp(host: PrivateHost, on: Fault['on']): Promise<void> {
  const nothing: Fault = { name: 'nothing', what: 'nothing', on, engine: false, may: [verdict] }
  const { problems, said } = await trial(nothing, 0, { host, seed, realLabs: false })
  if (problems.length > 0) throw new Error(`a run that nothing disturbs: ${problems.join('\n')}\n${said}`)
}

/** Those that take long come from the second round on. */
function itsTurn({ every = 1 }: Fault, round: number): boolean {
  return round % every === 1 % every
}

function tell({ fault, number, lab, struckMs, exitCode, noticedMs, problems, said }: Trial, ms: number): void {
  const seconds = (ms: number | undefined) => (ms === undefined ? '-' : `${(ms / 1000).toFixed(2)} s`)
  const mark = problems.length === 0 ? '✓' : '✗'
  const facts = [`struck ${seconds(struckMs)}`, `exit ${exitCode ?? 'by signal'}`, `noticed ${seconds(noticedMs)}`]
  console.log(`${mark} ${fault}/${number} ${lab}: ${facts.join(', ')}; ${seconds(ms)}`)
  for (const problem of problems) console.log(`    ${problem}`)
  if (said) console.log(said.replaceAll(/^/gm, '    | '))
}
