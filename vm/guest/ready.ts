import { MachineError } from '../errors.ts'
import type { Finished } from '../machine.ts'

/**
 * Waits, in one round trip, until init has brought the guest up: network and, if asked for, the engine with its images.
 * Throws a MachineError with the guest's own words if it could not.
 */
export async function awaitReady(
  guest: { exec(script: string, options: { signal: AbortSignal }): Promise<Finished> },
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<void> {
  // init holds this lock while it starts (vm/guest/init).
  const { stdout, stderr } = await guest.exec('flock --shared /run/vethlab/starting cat /run/vethlab/state', { signal })
  const [state, ...rest] = stdout.trim().split('\n')
  if (state === 'ready') return
  const said = (state === 'failed' ? rest : [stdout.trim(), stderr.trim()]).join('\n')
  throw new MachineError(`${name} did not come up: ${said || 'init said nothing'}`, {
    mend: 'run it again with --keep and look at /var/log/vethlab in the guest',
  })
}
