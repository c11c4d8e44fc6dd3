import { open, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostError, MachineError } from '../../../errors.ts'
import { awaitFreezable } from '../../../guest/template.ts'
import type { Image } from '../../../image/image.ts'
import { bootInit, memoryMiB } from '../boot.ts'
import { EndedByItself, explainFailure } from '../explain.ts'
import { writeMachineInitrd } from '../initrd.ts'
import { slownessOf, usualLimits } from '../limits.ts'
import { ignoreShared, type QemuProcess, startQemu } from '../process.ts'
import type { TemplateRecipe } from './recipe.ts'

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

/** Megabytes that a template takes on the disk. */
const spaceNeeded = 900

export interface MakeTemplate {
  program: string
  image: Pick<Image, 'kernel' | 'initrd' | 'rootfs'>
  /** Where the template's files go. */
  files: string
  /** For what is needed only meanwhile. */
  work: string
  signal: AbortSignal
}

/**
 * Boots a machine, and freezes it when it is ready. Throws a MachineError when it doesn't come up, and a HostError when
 * the disk is too full.
 */
export async function makeTemplate(recipe: TemplateRecipe, request: MakeTemplate): Promise<void> {
  const { program, image, files, work, signal } = request
  const { accelerator, engine, suite } = recipe.shape
  const path = (role: keyof typeof templateFiles) => join(files, templateFiles[role])
  await requireSpace(files, spaceNeeded)

  const initrd = join(work, 'initrd')
  await writeMachineInitrd({ image: image.initrd, init: bootInit, seed: recipe.seed, out: initrd })
  const running = await startQemu({
    program,
    config: {
      accelerator,
      ...{ kernel: image.kernel, initrd, rootfs: image.rootfs, consoleSocket: undefined },
      memoryMiB,
      memoryFile: { path: path('memory'), use: 'shared' },
    },
    dir: work,
    keep: false,
  })
  const name = `the template of ${suite}`
  const said: Buffer[] = []
  running.channel.on('data', (chunk: Buffer) => said.push(chunk))
  const died = new AbortController()
  const ended = running.ended.then(end => new EndedByItself(name, end))
  ended.then(reason => died.abort(reason))
  const late = AbortSignal.timeout(usualLimits[engine ? 'engine' : 'ready'] * slownessOf[accelerator])
  try {
    await awaitFreezable(running.identity, { name, signal: AbortSignal.any([signal, died.signal, late]) })
    await freeze(running, path('state'))
  } catch (error) {
    signal.throwIfAborted()
    const reason = await Promise.race([ended, sleep(300)])
    // The memory's file grows with what the guest touches: where the disk is full, the next page is QEMU's end.
    if (reason?.end.signal === 'SIGBUS') await requireSpace(files, 1)
    throw reason ?? (await explainFailure(error, { name, late, logs: running.logs }))
  } finally {
    await running.kill()
  }
  await writeFile(path('said'), Buffer.concat(said))
  await writeFile(path('kernel'), await readStart(image.kernel))
}

/** The guest goes on while it is frozen, and so does a clone by itself. */
async function freeze({ qmp, ended }: QemuProcess, state: string): Promise<void> {
  const events = { capability: 'events', state: true }
  await qmp.execute('migrate-set-capabilities', { capabilities: [ignoreShared, events] })
  const over = qmp.next('MIGRATION', ({ status }) => status === 'completed' || status === 'failed')
  await qmp.execute('migrate', { uri: `exec:cat >'${state.replaceAll("'", `'\\''`)}'` })
  if ((await over).data.status === 'failed') {
    const { 'error-desc': why } = (await qmp.execute('query-migrate')) as { 'error-desc'?: string }
    throw new MachineError(`QEMU did not freeze the machine: ${why}`, { mend: 'run it again with --cold' })
  }
  await qmp.execute('quit')
  await ended
}

/** QEMU reads a kernel's header (boot protocol), and wants more behind it than the setup sectors that the header counts. */
async function readStart(kernel: string): Promise<Buffer> {
  await using file = await open(kernel)
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(64 * 1024) })
  return buffer.subarray(0, bytesRead)
}

async function requireSpace(folder: string, megabytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = Math.floor((bavail * bsize) / 1e6)
  if (free >= megabytes) return
  throw new HostError(`the disk is too full for a template in ${folder}: ${free} MB are free`, {
    mend: `free ${spaceNeeded} MB there, or set XDG_CACHE_HOME to a folder on a larger disk`,
  })
}
