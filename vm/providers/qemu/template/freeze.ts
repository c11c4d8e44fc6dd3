import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { MachineError } from '../../../errors.ts'
import { ignoreShared } from '../process.ts'
import type { Qmp } from '../qmp.ts'

/**
 * Takes the state of a machine whose memory is a shared file, and ends it. `dir`: a private folder with a short path.
 * The machine is not stopped before, so that a clone goes on by itself.
 */
export async function freeze(qmp: Qmp, { dir }: { dir: string }): Promise<Buffer> {
  const path = join(dir, 'state')
  // QEMU takes no inherited socket for this, and a file is written by a child of its own, which nobody waits for.
  const server = createServer().listen(path)
  const state = once(server, 'connection').then(([socket]) => buffer(socket as Socket))
  state.catch(() => {})
  try {
    await once(server, 'listening')
    const events = { capability: 'events', state: true }
    await qmp.execute('migrate-set-capabilities', { capabilities: [ignoreShared, events] })
    const over = qmp.next('MIGRATION', ({ status }) => status === 'completed' || status === 'failed')
    await qmp.execute('migrate', { uri: `unix:${path}` })
    if ((await over).data.status === 'failed') {
      const { 'error-desc': why } = (await qmp.execute('query-migrate')) as { 'error-desc'?: string }
      throw new MachineError(`QEMU did not freeze the machine: ${why}`, { mend: 'run it again with --cold' })
    }
    await qmp.execute('quit')
    return await state
  } finally {
    server.close()
  }
}
