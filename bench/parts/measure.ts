import { readFile } from 'node:fs/promises'

/** Seconds that something took. */
export async function seconds(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return (performance.now() - started) / 1000
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** What a process has in memory that it shares with nobody and that is in no file, in MiB. */
export async function privateMemory(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Private_Dirty: +(\d+) kB$/m.exec(rollup)?.[1]) / 1024
}
