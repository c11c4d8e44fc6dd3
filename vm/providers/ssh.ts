import type { Finding, Machine, MachineRequest, Provider } from '../machine.ts'
import { parseAddress } from './ssh/address.ts'
import { checkSsh } from './ssh/check.ts'
import { startSsh } from './ssh/start.ts'

/**
 * A machine that the user names: `ssh://user@host[:port]`. It must be declared disposable, as labs change it at will: by a
 * file there, or by `disposable`. It is only let go of in the end. Throws a HostError for a URL that names no machine.
 */
export function sshProvider(url: string, { disposable = false } = {}): Provider {
  const address = parseAddress(url)
  return {
    name: 'ssh',
    check: (): Promise<Finding[]> => checkSsh(address, { disposable }),
    start: (request: MachineRequest): Promise<Machine> => startSsh(address, { disposable }, request),
  }
}
