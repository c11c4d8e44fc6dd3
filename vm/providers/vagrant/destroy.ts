import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MachineError } from '../../errors.ts'
import { runVagrant } from './command.ts'
import { environmentOf, type Place, placesLeft, removePlace } from './place.ts'

/**
 * Destroys a machine, as far as it was made: Vagrant also removes the disk of one that it never came to know. Throws a
 * MachineError when that fails; the next run tries again.
 */
export async function destroyMachine(place: Place): Promise<void> {
  // Vagrant has not even read the Vagrantfile: there is nothing, and what was in its way then would be so again.
  if (!existsSync(join(place.path, 'machines'))) return await removePlace(place)
  const { exitCode, lines } = await runVagrant(['destroy', '--force'], { env: environmentOf(place) })
  if (exitCode !== 0) {
    throw new MachineError(`vagrant did not destroy the machine ${place.name}: ${lines.slice(-4).join('\n')}`, {
      mend: 'look at it in the hypervisor; the next run with --on vagrant tries again',
    })
  }
  await removePlace(place)
}

/**
 * Destroys the machines of runs that were killed, none of anybody else. Resolves to the names of those that are gone. One
 * that can't be destroyed is told, and left for the next time: another process may be at it.
 */
export async function sweepVagrant(report: (line: string) => void): Promise<string[]> {
  const gone: string[] = []
  for (const place of await placesLeft()) {
    report(`${place.name}, of a run that was killed: vagrant destroy`)
    try {
      await destroyMachine(place)
      gone.push(place.name)
    } catch (error) {
      if (!(error instanceof MachineError)) throw error
      report(error.message)
    }
  }
  return gone
}
