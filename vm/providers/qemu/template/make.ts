import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { awaitFreezable } from '../../../guest/freezable.ts'
import type { Image } from '../../../image/image.ts'
import { makeRunDir } from '../../run-dir.ts'
import { bootInit, memoryMiB } from '../boot.ts'
import { EndedByItself, explainFailure } from '../explain.ts'
import { watchQemu } from '../frozen.ts'
import { writeMachineInitrd } from '../initrd.ts'
import { keepaliveMs, slownessOf, usualLimits } from '../limits.ts'
import { startQemu } from '../process.ts'
import { freeze } from './freeze.ts'
import type { TemplateRecipe } from './recipe.ts'
import { requireSpace } from './space.ts'

/** A template's files. */
export const templateFiles = {
  /** The guest's memory; sparse, as large as the memory is. */
  memory: 'memory',
  /** The processor's and the devices' state. */
  state: 'state',
  /** What the guest's ssh server has said before the freeze, to whoever logs in to a clone. */
  said: 'said',
  /** The kernel's first part, which is all that QEMU looks at when nothing is booted. */
  kernel: 'kernel',
} as const

export interface MakeTemplate {
  program: string
  image: Pick<Image, 'kernel' | 'initrd' | 'rootfs'>
  /** The folder for the template's files. */
  files: string
  signal: AbortSignal
}

/**
 * Boots a machine, and freezes it when it is ready. Throws a MachineError when it doesn't come up, and a HostError when
 * the disk is too full.
 */
export async function makeTemplate(recipe: TemplateRecipe, request: MakeTemplate): Promise<void> {
  const { program, image, files, signal } = request
  const { accelerator, engine, suite } = recipe.shape
  const path = (role: keyof typeof templateFiles) => join(files, templateFiles[role])
  await requireSpace(files)
  const runDir = await makeRunDir({ label: 'template', provider: 'qemu', suite, uses: [image.rootfs] })
  await using undo = new AsyncDisposableStack()
  undo.defer(() => runDir.remove())

  const initrd = join(runDir.path, 'initrd')
  await writeMachineInitrd({ image: image.initrd, init: bootInit, seed: recipe.seed, out: initrd })
  const running = await startQemu({
    program,
    config: {
      accelerator,
      ...{ kernel: image.kernel, initrd, rootfs: image.rootfs, consoleSocket: undefined },
      memoryMiB,
      memoryFile: { path: path('memory'), use: 'shared' },
    },
    dir: runDir.path,
    keep: false,
  })
  undo.defer(() => running.kill())
  runDir.ownMachine(running.pid)

  const name = `the template of ${suite}`
  const said: Buffer[] = []
  running.channel.on('data', (chunk: Buffer) => said.push(chunk))
  const died = new AbortController()
  const ended = running.ended.then(end => new EndedByItself(name, end))
  ended.then(reason => died.abort(reason))
  const late = AbortSignal.timeout(usualLimits[engine ? 'engine' : 'ready'] * slownessOf[accelerator])
  using watch = watchQemu(running.qmp, { name, intervalMs: keepaliveMs[accelerator] })
  const { frozen } = watch
  // So that nobody waits for its next word.
  frozen.addEventListener('abort', () => void running.kill(), { once: true })
  try {
    await awaitFreezable(running.identity, { name, signal: AbortSignal.any([signal, died.signal, frozen, late]) })
    await writeFile(path('state'), await freeze(running.qmp, { dir: runDir.path }))
    await running.ended
  } catch (error) {
    signal.throwIfAborted()
    const reason = frozen.aborted ? undefined : await Promise.race([ended, sleep(300)])
    // The memory's file grows with what the guest touches: where the disk is full, the next page is QEMU's end.
    if (reason?.end.signal === 'SIGBUS') await requireSpace(files, 1)
    throw reason ?? (await explainFailure(frozen.reason ?? error, { name, late, logs: running.logs }))
  }
  await writeFile(path('said'), Buffer.concat(said))
  await writeFile(path('kernel'), await readStart(image.kernel))
}

/** QEMU reads a kernel's header (boot protocol), and wants more behind it than the setup sectors that the header counts. */
async function readStart(kernel: string): Promise<Buffer> {
  await using file = await open(kernel)
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(64 * 1024) })
  return buffer.subarray(0, bytesRead)
}
