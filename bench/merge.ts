import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type InLab, keyOf, type LabEvent, labOf, type RunEvent } from '../harness/events.ts'
import { readBlob } from '../harness/merge/blob.ts'
import { lab, medians, type Took } from './parts/program.ts'

/*
 * `node bench/merge.ts [--blob run.blob] [--blobs 100] [--rounds 5]`: how long `npm run lab merge` takes, whole, to make the reports of a
 * run out of its shards' blobs. The run is one that was recorded (`--reporter blob=run.blob`) and is split here. Unless one is named,
 * one lab is recorded in the sandbox, and split as if it had been run in 228 places: as often as there are labs and cells. Goal: 2 s
 * for 100 blobs.
 */

const { values } = parseArgs({
  options: {
    blob: { type: 'string' },
    blobs: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '5' },
  },
})
const folder = await mkdtemp(join(tmpdir(), 'vethlab-bench-'))
try {
  const recorded = values.blob ?? join(folder, 'recorded')
  if (values.blob === undefined) await lab('docker0', '--', '--on', 'sandbox', '--reporter', `blob=${recorded}`)
  const blobs = await split(recorded, Number(values.blobs))
  const took: Took[] = []
  const reporters = ['json', 'junit', 'line', 'summary'].flatMap(name => [
    '--reporter',
    `${name}=${join(folder, name)}`,
  ])
  for (let round = 0; round < Number(values.rounds); round++) took.push(await lab('merge', folder, '--', ...reporters))
  const { passed, processor } = medians(took)
  console.log(`${blobs.files} blobs, ${blobs.runs} runs of labs, ${blobs.size.toFixed(1)} MB`)
  console.log(`npm run lab merge  ${passed.toFixed(2)} s, ${processor.toFixed(2)} s of processor time (goal: 2 s)`)
} finally {
  await rm(folder, { recursive: true })
}

/** Writes a recorded run as the blobs of so many shards into the folder. */
async function split(path: string, of: number): Promise<{ files: number; runs: number; size: number }> {
  const { started, events, ended } = await readBlob(path)
  if (!ended) throw new Error(`${path} was cut off`)
  const byRun = Map.groupBy(events, event => keyOf(labOf(event) ?? { lab: '' }))
  const own = started.runs.map(run => ({ run, its: byRun.get(keyOf(run)) ?? [] }))
  const [only] = own
  const all =
    own.length > 1 || !only
      ? own
      : Array.from({ length: 228 }, (_, i) => {
          const repetition = { repetition: i + 1 }
          return {
            run: { ...only.run, ...repetition },
            its: only.its.map(event => ({ ...event, ...repetition }) as LabEvent),
          }
        })
  const whole: InLab[] = all.map(({ run }) => run)
  const files = Math.min(of, whole.length)
  let size = 0
  for (let i = 0; i < files; i++) {
    const part = all.filter((_, at) => at % files === i)
    const labs = started.labs.filter(({ name }) => part.some(({ run }) => run.lab === name))
    const told: (RunEvent | { schema: string })[] = [
      { schema: 'vethlab-blob/1' },
      { ...started, labs, runs: part.map(({ run }) => run), shard: { index: i + 1, of: files, whole } },
      ...part.flatMap(({ its }) => its),
      ended,
    ]
    const text = told.map(event => `${JSON.stringify(event)}\n`).join('')
    size += text.length / 1e6
    await writeFile(join(folder, `${i + 1}.blob`), text)
  }
  return { files, runs: whole.length, size }
}
