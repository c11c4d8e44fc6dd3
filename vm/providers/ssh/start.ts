import type { Machine, MachineRequest } from '../../machine.ts'
import { assemble } from '../assemble.ts'
import { makeRunDir, sweepRunDirs } from '../run-dir.ts'
import { type Address, formatAddress, sshCommand } from './address.ts'
import { logIn } from './login.ts'
import { readSurvey, refusal, surveyScript } from './survey.ts'

/** Logs in, looks whether a lab may and can run there, and hands the machine over. Rejects with a HostError. */
export async function startSsh(address: Address, { engine, signal }: MachineRequest): Promise<Machine> {
  await sweepRunDirs()
  await using undo = new AsyncDisposableStack()
  const connection = undo.use(await logIn(address, signal))
  const { stdout } = await connection.exec(surveyScript, { signal })
  const refused = refusal(readSurvey(stdout), address, { engine })
  if (refused) throw refused

  const runDir = await makeRunDir()
  undo.defer(() => runDir.remove())
  const machine = await assemble({
    facts: {
      name: `ssh:${formatAddress(address)}`,
      provider: 'ssh',
      // What it is made of can't be told from here; limits are those of a machine at full speed.
      accelerator: 'host',
      suite: undefined,
      slowness: 1,
      entry: { enter: sshCommand(address), remove: ': it is yours, and stays' },
    },
    connection,
    runDir,
    release: async () => {},
  })
  undo.move()
  return machine
}
