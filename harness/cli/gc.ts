import { removeHalfMade } from '../../vm/cache/stores.ts'
import { defaultCache } from '../../vm/image/cache.ts'
import { listRuns } from '../../vm/providers/run-dir/runs.ts'
import { sweepRunDirs } from '../../vm/providers/run-dir/sweep.ts'
import { sweepCgroups } from '../../vm/providers/run-dir/sweep-cgroups.ts'
import { sweepVagrant } from '../../vm/providers/vagrant/destroy.ts'
import { count } from '../reporters/words.ts'

/** Removes what killed runs have left on this host, and says what that was; resolves to 0. */
export async function gc(): Promise<number> {
  const removed = (await sweepRunDirs()).map(({ record, processes, cgroups, folder }) => {
    const what = record ? `the machine of ${record.label}` : 'the beginning of a machine'
    const parts = [
      ...(processes > 0 ? [count(processes, 'process', 'processes')] : []),
      ...(cgroups > 0 ? [count(cgroups, 'cgroup')] : []),
      folder,
    ]
    return `${what}: ${parts.join(', ')}`
  })
  removed.push(...(await sweepCgroups()).map(path => `the cgroup of a machine that is gone: ${path}`))
  const half = await removeHalfMade(defaultCache(), new AbortController().signal)
  removed.push(...half.map(path => `what was half made: ${path}`))
  // Told as it goes, since each takes seconds.
  const destroyed = await sweepVagrant(line => void process.stderr.write(`${line}\n`))
  removed.push(...destroyed.map(name => `the virtual machine ${name}`))
  const elsewhere = (await listRuns()).filter(({ state }) => state === 'elsewhere')
  const lines = [
    ...removed.map(what => `removed ${what}`),
    ...(removed.length === 0 ? ['Nothing was left behind.'] : []),
    ...elsewhere.map(({ path }) => `not touched, as its run can't be seen from this PID namespace: ${path}`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  return 0
}
