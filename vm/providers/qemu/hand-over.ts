import { keptSocket } from '../kept.ts'
import { portId } from './argv.ts'
import type { Qmp } from './qmp.ts'

/**
 * Makes the control channel of a kept machine a socket in its run folder, to which one after another may connect; so far
 * it has been the other end of this process' own. One that has ended meanwhile needs no way in.
 */
export async function handOver(folder: string, qmp: Qmp): Promise<void> {
  const data = { addr: { type: 'unix', data: { path: keptSocket(folder) } }, server: true, wait: false }
  await qmp.execute('chardev-change', { id: portId(0), backend: { type: 'socket', data } }).catch(() => {})
}
