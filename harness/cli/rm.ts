import { HostError } from '../../vm/errors.ts'
import { removeRun } from '../../vm/providers/run-dir/remove.ts'
import { listRuns, type Run } from '../../vm/providers/run-dir/runs.ts'
import { destroyMachine } from '../../vm/providers/vagrant/destroy.ts'
import { placesKept } from '../../vm/providers/vagrant/place.ts'
import { unknownName } from './known.ts'

/** Removes kept machines, and says which; resolves to 0. @throws HostError, before any is removed, for a name of none */
export async function rm(names: string[], { all }: { all: boolean }): Promise<number> {
  const runs = await listRuns()
  if (all && names.length > 0) {
    throw new HostError(`--all removes every kept machine, and ${names.join(' ')} was named besides`, {
      mend: 'leave one of them out',
    })
  }
  const vagrants = (await placesKept()).filter(({ name }) => all || names.includes(name))
  const others = names.filter(name => !vagrants.some(place => place.name === name))
  const ours = all
    ? runs.filter(({ state }) => state === 'kept')
    : others.length > 0 || names.length === 0
      ? machinesMeant(others, runs)
      : []
  for (const run of ours) {
    await removeRun(run)
    process.stdout.write(`removed ${run.record?.name}\n`)
  }
  for (const place of vagrants) {
    await destroyMachine(place)
    process.stdout.write(`removed ${place.name}\n`)
  }
  if (ours.length + vagrants.length === 0) process.stdout.write('No machine is kept.\n')
  return 0
}

/** The kept machines of these names, each once. @throws HostError for none, an unknown one, or one whose run goes on */
export function machinesMeant(names: string[], runs: Run[]): Run[] {
  const nameOf = ({ record }: Run) => record?.name ?? ''
  const kept = runs.filter(({ state }) => state === 'kept')
  if (names.length === 0) {
    throw new HostError('no machine was named', { mend: `kept: ${kept.map(nameOf).join(', ') || 'none'}` })
  }
  return [...new Set(names)].map(name => {
    const run = kept.find(one => nameOf(one) === name)
    if (run) return run
    const live = runs.find(one => nameOf(one) === name && one.state === 'running')
    if (!live) throw unknownName('kept machine', name, kept.map(nameOf))
    throw new HostError(`${name} is not kept: it is the machine of process ${live.owner.pid}, whose run goes on`, {
      mend: 'end the run with Ctrl-C, where it was started; its machine goes with it',
    })
  })
}
