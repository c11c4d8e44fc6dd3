import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { MachineError } from '../errors.ts'

/**
 * Waits until the guest of a template says on its identity port (vm/guest/become) that it may be frozen. Rejects with a
 * MachineError when it could not come up.
 */
export async function awaitFreezable(
  port: Duplex,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<void> {
  let said = ''
  while (!said.endsWith('\0')) said += String(await once(port, 'data', { signal }))
  const [state, ...rest] = said.slice(0, -1).trim().split('\n')
  if (state === 'ready') return
  throw new MachineError(`${name} did not come up: ${rest.join('\n') || said}`, { mend: 'run it again with --cold' })
}
