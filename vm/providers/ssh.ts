import type { Finding, Machine, MachineRequest, Provider } from '../machine.ts'
import { parseAddress } from './ssh/address.ts'
import { checkSsh } from './ssh/check.ts'
import { startSsh } from './ssh/start.ts'

/**
 * A machine that the user names: `ssh://user@host[:port]`. It must be declared disposable, as labs change it at will,
 * and is only let go of in the end. Throws a HostError for a URL that names no machine.
 */
export function sshProvider(url: string): Provider {
  const address = parseAddress(url)
  return {
    name: 'ssh',
    check: (): Promise<Finding[]> => checkSsh(address),
    start: (request: MachineRequest): Promise<Machine> => startSsh(address, request),
  }
}
