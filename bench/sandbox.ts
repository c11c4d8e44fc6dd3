import { parseArgs } from 'node:util'
import { ensureImage } from '../vm/image/image.ts'
import { ensureEngineData } from '../vm/providers/sandbox/engine-data.ts'
import { startSandbox } from '../vm/providers/sandbox/start.ts'
import { defaultSuite } from '../vm/suite.ts'

/*
 * `node bench/sandbox.ts [--rounds 7]`: a sandbox from nothing to an engine that answers, and to the end of its first
 * `docker run`, with the engine's data prepared (the usual way) against loading the container images at each start. In
 * turns, so that a noisy host disturbs both alike; medians in seconds. Goal: the engine answers within 1.5 s on an idle
 * machine, and sooner than without.
 */

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } })
const signal = new AbortController().signal
const report = (line: string) => console.error(line)
const image = await ensureImage(defaultSuite, { report, signal })
const request = {
  ...{ label: 'bench', suite: defaultSuite, engine: true, keep: false, report, signal },
  rootfs: image.rootfs,
}
const engineData = await ensureEngineData({ image, startLoading: () => startSandbox(request), report, signal })

async function start(kind: { engineData?: string }): Promise<{ up: number; ran: number }> {
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  await using machine = await startSandbox({ ...request, ...kind })
  const up = seconds()
  await machine.$`docker run --rm busybox true`
  return { up, ran: seconds() }
}

const prepared: Awaited<ReturnType<typeof start>>[] = []
const loading: Awaited<ReturnType<typeof start>>[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  prepared.push(await start({ engineData }))
  loading.push(await start({}))
}
for (const [what, of] of [
  ['engine answers', ({ up }) => up],
  ['docker run done', ({ ran }) => ran],
] as [string, (one: { up: number; ran: number }) => number][]) {
  const [ours, theirs] = [median(prepared.map(of)), median(loading.map(of))]
  console.log(
    `${what.padEnd(16)}  prepared ${ours.toFixed(2)} s, loading ${theirs.toFixed(2)} s, ratio ${(ours / theirs).toFixed(2)}`,
  )
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
