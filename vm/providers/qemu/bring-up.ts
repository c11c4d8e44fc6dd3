import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { awaitReady } from '../../guest/ready.ts'
import { loginShell, type SeedLogin } from '../../guest/seed.ts'
import type { Image } from '../../image/image.ts'
import type { Machine, MachineRequest } from '../../machine.ts'
import { connect } from '../../transport/connect.ts'
import { assemble } from '../assemble.ts'
import { makeRunDir } from '../run-dir.ts'
import type { Accelerator } from './argv.ts'
import { EndedByItself, explainFailure } from './explain.ts'
import { watchQemu } from './frozen.ts'
import { handOver } from './hand-over.ts'
import { type BootLimits, keepaliveMs, slownessOf, usualLimits } from './limits.ts'
import type { QemuProcess } from './process.ts'
import type { Qmp } from './qmp.ts'
import type { TemplateRequest } from './template.ts'

/** A virtual machine as its provider knows it. */
export interface VirtualMachine extends Machine {
  readonly qmp: Qmp
  /** Its private folder, for sockets. */
  readonly folder: string
}

export interface VirtualMachineRequest extends MachineRequest, Pick<TemplateRequest, 'cache' | 'make'> {
  name: string
  program: string
  image: Pick<Image, 'kernel' | 'initrd' | 'rootfs' | 'manifest'>
  accelerator: Accelerator
  /** How long the machine may take, instead of what is usual. */
  limits?: BootLimits
}

/** Where a machine comes from. */
export interface Origin {
  /** Paths in the cache that it is made of. */
  uses: string[]
  /** Starts QEMU. `dir`: a private folder; `consoleSocket`: where a machine that is kept is entered. */
  begin(place: { dir: string; consoleSocket: string | undefined }): Promise<Begun>
}

interface Begun {
  running: QemuProcess
  login: SeedLogin
  /** What a clone's ssh server has said before the freeze. */
  said?: Buffer
  /** Rejects with a MachineError when QEMU runs something else than was meant. */
  confirm?(): Promise<void>
}

/** Starts a machine, logs in and waits until it is ready. Throws a MachineError, with the guest's last words, when it doesn't come up. */
export async function bringUp(request: VirtualMachineRequest, { uses, begin }: Origin): Promise<VirtualMachine> {
  const { name, label, suite, engine, keep, accelerator, signal } = request
  const limits = request.limits ?? usualLimits
  const runDir = await makeRunDir({ label, provider: 'qemu', suite, uses })
  await using undo = new AsyncDisposableStack()
  undo.defer(() => runDir.remove())

  const consoleSocket = keep ? join(runDir.path, 'console') : undefined
  const { running, login, said, confirm } = await begin({ dir: runDir.path, consoleSocket })
  undo.defer(() => running.kill())
  // Until it is handed over it is nobody's to keep: if we are killed before, the next run ends it.
  runDir.ownMachine(running.pid)

  const ended = running.ended.then(end => new EndedByItself(name, end))
  const died = new AbortController()
  ended.then(reason => died.abort(reason))
  const slowness = slownessOf[accelerator]
  const late = AbortSignal.timeout(limits[engine ? 'engine' : 'ready'] * slowness)
  using watch = watchQemu(running.qmp, { name, intervalMs: keepaliveMs[accelerator] })
  const starting = AbortSignal.any([signal, died.signal, watch.frozen, late])
  try {
    const confirmed = confirm?.()
    confirmed?.catch(() => {})
    const connection = await connect(running.channel, login, {
      name,
      said,
      loginShell,
      readyMs: limits.banner * slowness,
      keepaliveMs: keepaliveMs[accelerator],
      signal: starting,
    })
    undo.defer(() => connection[Symbol.asyncDispose]())
    // A clone is as ready as its template was.
    if (!said) await awaitReady(connection, { name, signal: starting })
    await confirmed
    const enter = consoleSocket ? `socat -,raw,echo=0,escape=0x1d UNIX-CONNECT:${consoleSocket}` : ''
    const letGo = async () => {
      // Whatever it still runs is ended first.
      await connection[Symbol.asyncDispose]()
      await handOver(runDir.path, running.qmp)
      running.release()
    }
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
      release: keep ? letGo : () => running.kill(),
    })
    if (keep) runDir.keep(machine.entry, login)
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
