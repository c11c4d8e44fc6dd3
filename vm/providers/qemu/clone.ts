import { readFile } from 'node:fs/promises'
import { MachineError } from '../../errors.ts'
import { makeIdentity } from '../../guest/identity.ts'
import { memoryMiB } from './boot.ts'
import type { Origin, VirtualMachineRequest } from './bring-up.ts'
import { startQemu } from './process.ts'
import { isCurrent, type Template } from './template.ts'

/** A machine that goes on where a template was frozen, as somebody else. */
export function clone(request: VirtualMachineRequest, template: Template): Origin {
  const { engine, keep, hostname, program, image, accelerator } = request
  return {
    uses: [image.rootfs, template.dir],
    async begin({ dir, consoleSocket }) {
      const [state, said] = await Promise.all([readFile(template.state), readFile(template.said)])
      const running = await startQemu({
        program,
        config: {
          accelerator,
          ...{ kernel: template.kernel, initrd: undefined, rootfs: image.rootfs },
          memoryMiB,
          memoryFile: { path: template.memory, use: 'private' },
          consoleSocket,
        },
        state,
        dir,
        keep,
      })
      const identity = makeIdentity({ engine, keep, hostname })
      running.identity.write(identity.bytes)
      const confirm = async () => {
        // QEMU answers once it has opened the memory. A template that was replaced before that gave it files of two machines.
        await running.qmp.execute('query-status')
        if (await isCurrent(template)) return
        throw new MachineError('the template was replaced while it was cloned', { mend: 'run it again' })
      }
      return { running, login: identity.login, said, confirm }
    },
  }
}
