import { join } from 'node:path'
import { makeSeed } from '../../guest/seed.ts'
import type { Origin, VirtualMachineRequest } from './bring-up.ts'
import { writeMachineInitrd } from './initrd.ts'
import { portNames, startQemu } from './process.ts'

/** A machine that boots. */
export function boot(request: VirtualMachineRequest): Origin {
  const { name, engine, backend, keep, hostname, program, image, accelerator, report } = request
  return {
    uses: [image.rootfs],
    async begin({ dir, consoleSocket }) {
      const seed = await makeSeed({ engine, backend, keep, channel: `port:${portNames.channel}`, hostname })
      const initrd = join(dir, 'initrd')
      await writeMachineInitrd({ image: image.initrd, init: bootInit, seed: seed.files, out: initrd })
      report(`${name}: booting${accelerator === 'tcg' ? ', emulated' : ''}`)
      const { kernel, rootfs } = image
      const running = await startQemu({
        program,
        config: { accelerator, kernel, initrd, rootfs, memoryMiB, memoryFile: undefined, consoleSocket },
        dir,
        keep,
      })
      return { running, login: seed.login }
    },
  }
}

/** Path of the first process, in the initrd. */
export const bootInit = join(import.meta.dirname, '../../guest/initrd-init')

/**
 * An engine with its images and a few containers takes 0.4 GiB, and each of the guest's tmpfs may grow to half of this.
 * The host gives only the pages that the guest has touched.
 */
export const memoryMiB = 2048
