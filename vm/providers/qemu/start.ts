import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MachineError } from '../../errors.ts'
import { awaitReady } from '../../guest/ready.ts'
import { makeSeed } from '../../guest/seed.ts'
import type { Image } from '../../image/image.ts'
import type { Machine, MachineRequest } from '../../machine.ts'
import { connect } from '../../transport/connect.ts'
import { assemble } from '../assemble.ts'
import { sweepRunDirs } from '../run-dir/sweep.ts'
import { makeRunDir } from '../run-dir.ts'
import type { Accelerator } from './argv.ts'
import { writeMachineInitrd } from './initrd.ts'
import { readLastWords } from './last-words.ts'
import { portNames, type QemuEnd, startQemu } from './process.ts'
import type { Qmp } from './qmp.ts'

/** A virtual machine as its provider knows it. */
export interface VirtualMachine extends Machine {
  readonly qmp: Qmp
  /** Its private folder, for sockets. */
  readonly folder: string
}

export interface VirtualMachineRequest extends MachineRequest {
  name: string
  program: string
  image: Pick<Image, 'kernel' | 'initrd' | 'rootfs'>
  accelerator: Accelerator
  /** How long the machine may take, instead of what is usual. */
  limits?: BootLimits
}

/** In milliseconds at native speed, from the start: to sshd's first word, to all but the engine, to the engine too. */
interface BootLimits {
  banner: number
  ready: number
  engine: number
}

/** Starts a virtual machine on an image. Throws a MachineError, with the guest's last words, when it doesn't come up. */
export async function startVirtualMachine(request: VirtualMachineRequest): Promise<VirtualMachine> {
  const { name, label, suite, hostname, engine, keep, image, program, accelerator, report, signal } = request
  const limits = request.limits ?? usualLimits
  await sweepRunDirs()
  const runDir = await makeRunDir({ label, provider: 'qemu', suite, uses: [image.rootfs] })
  await using undo = new AsyncDisposableStack()
  undo.defer(() => runDir.remove())

  const seed = await makeSeed({ engine, keep, channel: `port:${portNames.channel}`, hostname })
  const initrd = join(runDir.path, 'initrd')
  await writeMachineInitrd({ image: image.initrd, init, seed: seed.files, out: initrd })
  const consoleSocket = keep ? join(runDir.path, 'console') : undefined
  const { kernel, rootfs } = image
  report(`${name}: booting${accelerator === 'tcg' ? ', emulated' : ''}`)
  const running = await startQemu({
    program,
    config: { accelerator, kernel, initrd, rootfs, memoryMiB, memoryFile: undefined, consoleSocket },
    dir: runDir.path,
    keep,
  })
  undo.defer(() => running.kill())
  // Until it is handed over it is nobody's to keep: if we are killed before, the next run ends it.
  runDir.ownMachine(running.pid)

  const ended = running.ended.then(end => explainEnd(name, end))
  const died = new AbortController()
  ended.then(reason => died.abort(reason))
  const slowness = slownessOf[accelerator]
  const late = AbortSignal.timeout(limits[engine ? 'engine' : 'ready'] * slowness)
  const starting = AbortSignal.any([signal, died.signal, late])
  try {
    const connection = await connect(running.channel, seed.login, {
      name,
      readyMs: limits.banner * slowness,
      keepaliveMs: keepaliveMs[accelerator],
      signal: starting,
    })
    undo.defer(() => connection[Symbol.asyncDispose]())
    await awaitReady(connection, { name, signal: starting })
    const enter = consoleSocket ? `socat -,raw,echo=0,escape=0x1d UNIX-CONNECT:${consoleSocket}` : ''
    const machine = await assemble({
      facts: {
        name,
        provider: 'qemu',
        accelerator,
        suite,
        slowness,
        entry: { name: runDir.name, enter, remove: `kill ${running.pid}` },
      },
      connection,
      runDir,
      ended,
      release: keep ? async () => running.release() : () => running.kill(),
    })
    if (keep) runDir.keep(machine.entry)
    undo.move()
    return Object.assign(machine, { qmp: running.qmp, folder: runDir.path })
  } catch (error) {
    signal.throwIfAborted()
    // The channel closes in the moment in which QEMU ends; QEMU knows why.
    const reason = await Promise.race([ended, sleep(300)])
    if (reason) throw reason
    throw await explainFailure(error, { name, late, logs: running.logs })
  }
}

const init = join(import.meta.dirname, '../../guest/initrd-init')

/**
 * An engine with its images and a few containers takes 0.4 GiB, and each of the guest's tmpfs may grow to half of this.
 * The host gives only the pages that the guest has touched.
 */
const memoryMiB = 2048

/** Measured: what labs run takes 10 times as long emulated as natively on an idle host, up to 20 times on a busy one. */
const slownessOf: Record<Accelerator, number> = { kvm: 1, tcg: 10 }

/** Ten times what it takes. */
const usualLimits: BootLimits = { banner: 15_000, ready: 20_000, engine: 40_000 }

/** Three of them without a sign of life, and the machine is lost: within 5 s, but no sooner than a busy host needs. */
const keepaliveMs: Record<Accelerator, number> = { kvm: 500, tcg: 1000 }

function explainEnd(name: string, { exitCode, signal, lastWords }: QemuEnd): MachineError {
  const how = signal ? `QEMU was killed by ${signal}` : `QEMU ended with exit code ${exitCode}`
  return new MachineError(`${name} ended by itself: ${how}${lastWords && `\n${lastWords}`}`, {
    mend: signal === 'SIGKILL' ? 'look into `dmesg` for what killed it, e.g. a lack of memory' : 'run it again',
  })
}

async function explainFailure(
  error: unknown,
  { name, late, logs }: { name: string; late: AbortSignal; logs: string[] },
): Promise<unknown> {
  const whole = late.aborted ? tooLate(name) : error
  if (!(whole instanceof MachineError)) return error
  const said = await readLastWords(...logs)
  return new MachineError(`${whole.message}\nits last words: ${said || 'none'}`, {
    mend: whole.mend,
    cause: error,
  })
}

function tooLate(name: string): MachineError {
  return new MachineError(`${name} was not ready in time`, { mend: 'run it again when this host is less busy' })
}
