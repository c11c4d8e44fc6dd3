import { HostError } from '../../vm/errors.ts'
import { reachKept } from '../../vm/providers/kept.ts'
import { listRuns } from '../../vm/providers/run-dir/runs.ts'
import { sweepRunDirs } from '../../vm/providers/run-dir/sweep.ts'
import { logIn } from '../../vm/providers/vagrant/login.ts'
import { placesKept } from '../../vm/providers/vagrant/place.ts'
import type { Connection } from '../../vm/transport/connect.ts'
import type { CellMeant } from './cells.ts'
import { type Interrupt, interruptible } from './interrupt.ts'
import { provide } from './provider.ts'
import { machinesMeant } from './rm.ts'
import { attach, ownTerminal } from './terminal.ts'

/** What a fresh machine is to be. */
export interface FreshMachine {
  cell: CellMeant
  engine: boolean
  cold: boolean
  keep: boolean
  /** The machine named by ssh:// may be changed. */
  disposable: boolean
}

/** Opens a shell in a kept machine; resolves to the shell's exit code. @throws HostError for a name of none */
export async function shellInKept(name: string): Promise<number> {
  using interrupt = interruptible(() => {}, { keep: true })
  const place = (await placesKept()).find(kept => kept.name === name)
  if (place) {
    const { signal } = interrupt
    const { connection } = await logIn(place, { name, hostKey: place.settings.hostKey ?? '', signal })
    await using _closed = connection
    return await talk(connection, interrupt)
  }
  // One that has ended since is gone, and no name to be known.
  await sweepRunDirs()
  const [run] = machinesMeant([name], await listRuns())
  if (!run) throw new HostError(`there is no machine ${name}`, { mend: 'npm run lab ps' })
  await using connection = await reachKept(run, interrupt)
  return await talk(connection, interrupt)
}

/** Starts a machine, opens a shell in it, and throws it away when the shell ends; resolves to the shell's exit code. */
export async function shellInFresh({ cell, engine, cold, keep, disposable }: FreshMachine): Promise<number> {
  using interrupt = interruptible(() => {}, { keep })
  const { signal } = interrupt
  const report = (line: string) => void process.stderr.write(`  … ${line}\n`)
  const { on, ...kind } = cell
  const { provider, why } = await provide(on, { suite: kind.suite, keep, cold, disposable, report, signal })
  report(`on ${why}`)
  await using machine = await provider.start({ label: 'shell', ...kind, engine, cold, keep, report, signal })
  const { name, enter, remove } = machine.entry
  const end = keep ? 'the machine stays' : provider.name === 'ssh' ? 'nothing is undone' : 'the machine goes with it'
  report(`a shell in ${machine.name}; leave it with exit or Ctrl-D: ${end}`)
  const exitCode = await talk(machine, interrupt)
  if (keep && name !== undefined) report(`npm run lab shell ${name} enters it again, npm run lab rm ${name} removes it`)
  else if (keep) report(`enter it again: ${enter}; remove it: ${remove}`)
  return exitCode
}

async function talk(guest: Pick<Connection, 'openShell'>, { signal }: Interrupt): Promise<number> {
  signal.throwIfAborted()
  return await attach(await guest.openShell(ownTerminal()), { signal })
}
