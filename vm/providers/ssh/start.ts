import type { LentMachine, LentState, MachineRequest } from '../../machine.ts'
import { assemble } from '../assemble.ts'
import { sweepRunDirs } from '../run-dir/sweep.ts'
import { makeRunDir } from '../run-dir.ts'
import { type Address, formatAddress, sshCommand } from './address.ts'
import { claim, undoCommand } from './claim.ts'
import { logIn } from './login.ts'
import { readSurvey, refusal, surveyScript } from './survey.ts'

/**
 * Logs in, looks whether a lab may and can run there, and hands the machine over. `disposable`: its owner has said that it may
 * be changed. Rejects with a HostError.
 */
export async function startSsh(
  address: Address,
  { disposable }: { disposable: boolean },
  { label, engine, keep, signal }: MachineRequest,
): Promise<LentMachine> {
  await sweepRunDirs()
  await using undo = new AsyncDisposableStack()
  const connection = undo.use(await logIn(address, signal))
  const { stdout } = await connection.exec(surveyScript, { signal })
  const survey = readSurvey(stdout)
  const refused = refusal({ ...survey, disposable: survey.disposable || disposable }, address, { engine })
  if (refused) throw refused

  const runDir = await makeRunDir({ label, provider: 'ssh', suite: undefined, uses: [] })
  undo.defer(() => runDir.remove())
  const claimed = await claim(connection, address, { lab: label, signal })
  undo.defer(() => claimed.giveBack())
  let asFound = true
  const machine = await assemble({
    facts: {
      name: `ssh:${formatAddress(address)}`,
      provider: 'ssh',
      // What it is made of can't be told from here; limits are those of a machine at full speed.
      accelerator: 'host',
      suite: undefined,
      slowness: 1,
      // It is the user's: what a lab did there is all that there is to remove.
      entry: { name: undefined, enter: sshCommand(address), remove: undoCommand(address) },
    },
    connection,
    runDir,
    release: () => (asFound && !keep ? claimed.giveBack() : claimed.noted()),
  })
  undo.move()
  return Object.assign(machine, {
    note: (state: LentState) => {
      asFound = state.undo.length === 0 && state.left.length === 0
      claimed.note(state)
    },
  })
}
