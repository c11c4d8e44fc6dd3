import { resolve } from 'node:path'
import { HostError } from '../../vm/errors.ts'
import type { Shard } from '../events.ts'
import { mutate, UnfitLabError } from '../mutate/mutate.ts'
import { readMutations } from '../mutate/read.ts'
import { idleExplanations, type MutationReport } from '../mutate/report.ts'
import { labsOfShard } from '../mutate/shard.ts'
import { mutationsInWords, triedInWords } from '../mutate/words.ts'
import { fileOutput } from '../reporters/output.ts'
import { count } from '../reporters/words.ts'
import type { LabFile } from '../run/registry.ts'
import type { CellMeant } from './cells.ts'
import { interruptible } from './interrupt.ts'
import { jobsMeant, roomHere } from './jobs.ts'
import { acceleratorOf, provide } from './provider.ts'
import type { ReporterChoice } from './reports.ts'

/** What a command line asks to be broken. */
export interface MutateRequest {
  labs: LabFile[]
  cell: CellMeant
  jobs: number | undefined
  shard: Shard | undefined
  /** Only mutations whose ids begin so: `5.2`, `5.2 mask`, several with commas between; undefined: all. */
  mutation: string | undefined
  /** Path of the report of a run that was cut off, on which this one goes on. */
  resume: string | undefined
  cold: boolean
  reporters: ReporterChoice[]
}

/**
 * Breaks labs on purpose, one change at a time, and tells what noticed. 0 when every mutation was killed or the lab explains why
 * nothing can see it; 1 when one survived unexplained, or an explanation explains nothing; 3 when some could not be tried.
 */
export async function mutateLabs(request: MutateRequest): Promise<number> {
  const { cold, shard, mutation, resume } = request
  const labs = shard ? await labsOfShard(request.labs, shard) : request.labs
  const { on, ...kind } = request.cell
  const path = reportPath(request.reporters)
  if (path !== undefined && resume !== undefined && resolve(path) === resolve(resume)) {
    throw new HostError(`${path} is what this run goes on from`, { mend: 'write the report to another file' })
  }
  const resumed = resume === undefined ? [] : (await readMutations(resume)).labs
  const output = path === undefined ? undefined : fileOutput(path)
  // What can't be written is better known before hours have passed.
  output?.write('')
  const say = (text: string) => void process.stderr.write(text)
  using interrupt = interruptible(() => {}, { keep: false, several: true, lent: false, say })
  const { signal } = interrupt
  const report = (line: string) => say(`  … ${line}\n`)
  const { provider } = await provide(on, { suite: kind.suite, keep: false, cold, disposable: false, report, signal })
  const accelerator = await acceleratorOf(provider, { suite: kind.suite, report, signal })
  const machines = Math.max(1, ...labs.map(({ header }) => header.machines.length || 1))
  const jobs = jobsMeant(request.jobs, roomHere({ provider: provider.name, accelerator, machines }))
  const asked = mutation?.split(',').map(id => id.trim())
  const isAsked = (id: string) =>
    asked?.some(one => id === one || id.startsWith(`${one} `) || id.startsWith(`${one}.`)) ?? true
  const found = await mutate({
    ...{ labs, cell: { ...kind, provider }, jobs: jobs.number, resumed, signal, report: () => {} },
    wanted: (_, { id }) => isAsked(id),
    onDiscovered: (lab, { commands, mutations }) =>
      process.stdout.write(`${lab}: ${count(commands, 'command')}, ${count(mutations.length, 'mutation')}\n`),
    onSkipped: (lab, because) => process.stdout.write(`${lab}: skipped, ${because}\n`),
    onTried: (lab, tried) => process.stdout.write(`${triedInWords(lab, tried)}\n`),
  }).catch((error: unknown) => {
    if (error instanceof UnfitLabError) {
      throw new HostError(error.message, { mend: 'mend the lab first: only what passes can be broken', cause: error })
    }
    throw error
  })
  const all = found.flatMap(({ mutations }) => mutations)
  if (mutation !== undefined && all.length === 0 && !signal.aborted) {
    throw new HostError(`there is no mutation ${mutation} of ${labs.map(({ name }) => name).join(' ')}`, {
      mend: 'leave --mutation out: each is told with its id',
    })
  }
  process.stdout.write(`\n${mutationsInWords(found)}`)
  const day = new Date().toISOString().slice(0, 10)
  const written: MutationReport = { schema: 'vethlab-mutations/2', on: day, ...(shard && { shard }), labs: found }
  output?.write(`${JSON.stringify(written, null, 2)}\n`)
  output?.close()
  if (signal.aborted && path !== undefined) say(`what was tried is in ${path}: --resume ${path} goes on from there\n`)
  signal.throwIfAborted()
  const unexplained = all.some(({ outcome, unseen }) => outcome.result === 'survived' && unseen === null)
  if (unexplained || found.some(made => idleExplanations(made).length > 0)) return 1
  return all.some(({ outcome }) => outcome.result === 'untried') ? 3 : 0
}

function reportPath(reporters: ReporterChoice[]): string | undefined {
  const [first, second] = reporters
  if (first === undefined) return undefined
  if (second === undefined && first.name === 'json' && first.path !== undefined) return first.path
  throw new HostError(`--mutate has one report, and ${(second ?? first).name} is not it`, {
    mend: '--reporter json=FILE',
  })
}
