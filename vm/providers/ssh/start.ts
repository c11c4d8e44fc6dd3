import type { Machine, MachineRequest } from '../../machine.ts'
import { assemble } from '../assemble.ts'
import { sweepRunDirs } from '../run-dir/sweep.ts'
import { makeRunDir } from '../run-dir.ts'
import { type Address, formatAddress, sshCommand } from './address.ts'
import { claim } from './claim.ts'
import { logIn } from './login.ts'
import { readSurvey, refusal, surveyScript } from './survey.ts'

/** Logs in, looks whether a lab may and can run there, and hands the machine over. Rejects with a HostError. */
export async function startSsh(address: Address, { label, engine, keep, signal }: MachineRequest): Promise<Machine> {
  await sweepRunDirs()
  await using undo = new AsyncDisposableStack()
  const connection = undo.use(await logIn(address, signal))
  const { stdout } = await connection.exec(surveyScript, { signal })
  const refused = refusal(readSurvey(stdout), address, { engine })
  if (refused) throw refused

  const runDir = await makeRunDir({ label, provider: 'ssh', suite: undefined, uses: [] })
  undo.defer(() => runDir.remove())
  const claimed = await claim(connection, address, { signal })
  undo.defer(() => claimed.giveBack())
  const machine = await assemble({
    facts: {
      name: `ssh:${formatAddress(address)}`,
      provider: 'ssh',
      // What it is made of can't be told from here; limits are those of a machine at full speed.
      accelerator: 'host',
      suite: undefined,
      slowness: 1,
      entry: {
        name: undefined,
        enter: sshCommand(address),
        // It is the user's: what a lab did there is all that there is to remove.
        remove: `${sshCommand(address, 'reboot')} # takes links, rules and settings, leaves containers; then prepare it again`,
      },
    },
    connection,
    runDir,
    // A run that is stopped undoes nothing, as little as one that was asked to keep the machine.
    release: async () => {
      if (!keep && !signal.aborted) await claimed.giveBack()
    },
  })
  undo.move()
  return machine
}
