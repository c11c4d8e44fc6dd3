import { statfs } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostError, MachineError } from '../../errors.ts'
import { awaitReady } from '../../guest/ready.ts'
import { loginShell, makeSeed, type SeedFile } from '../../guest/seed.ts'
import { type Machine, type MachineRequest, machineName } from '../../machine.ts'
import { connect } from '../../transport/connect.ts'
import { assemble } from '../assemble.ts'
import { explainRunDirError } from '../run-dir/base.ts'
import { sweepRunDirs } from '../run-dir/sweep.ts'
import { sweepCgroups } from '../run-dir/sweep-cgroups.ts'
import { makeRunDir } from '../run-dir.ts'
import { checkSandbox } from './check.ts'
import { launch } from './launch.ts'

export interface SandboxRequest extends MachineRequest {
  /** Path of the image's root file system, a squashfs. */
  rootfs: string
  /** Path of what an engine has made of the container images (engine-data.ts); without, they are loaded. */
  engineData?: string | undefined
  /** Further files that the machine gets, such as an /etc/docker/daemon.json. */
  files?: SeedFile[]
}

/** A sandbox as its provider knows it. */
export interface SandboxMachine extends Machine {
  /** The host's number of its PID 1. */
  readonly init: number
}

/** Starts a sandbox on a root file system. */
export async function startSandbox(request: SandboxRequest): Promise<SandboxMachine> {
  const { label, suite, hostname, rootfs, engineData, files = [], engine, backend, keep, signal } = request
  const name = machineName('sandbox', request)
  await sweepRunDirs()
  await sweepCgroups()
  const runDir = await makeRunDir({
    label,
    provider: 'sandbox',
    suite,
    uses: [rootfs, ...(engineData ? [engineData] : [])],
  })
  await using undo = new AsyncDisposableStack()
  undo.defer(() => runDir.remove())
  try {
    const seed = await makeSeed({ engine, backend, keep, channel: 'fd:3', hostname })
    const running = await launch({ name, rootfs, engineData, seed: [...seed.files, ...files], keep, runDir })
    undo.defer(() => running.end())

    const died = new AbortController()
    running.ended.then(reason => died.abort(reason))
    // A process that ends tells more than the silence on its channel.
    const explained = async (error: unknown) => {
      await Promise.race([running.ended, sleep(300)])
      throw died.signal.reason ?? error
    }
    const late = AbortSignal.timeout(startLimitMs)
    const starting = AbortSignal.any([signal, died.signal, late])
    const connection = await connect(running.channel, seed.login, {
      name,
      readyMs: 20_000,
      loginShell,
      signal: starting,
    }).catch(explained)
    undo.defer(() => connection[Symbol.asyncDispose]())
    await awaitReady(connection, { name, signal: starting }).catch(explained)

    const init = await running.init()
    const machine = await assemble({
      facts: {
        name,
        provider: 'sandbox',
        accelerator: 'host',
        suite,
        slowness: 1,
        entry: { name: runDir.name, enter: `nsenter --target ${init} --all bash -l`, remove: `kill ${init}` },
      },
      connection,
      runDir,
      ended: running.ended,
      release: keep ? async () => running.letGo() : () => running.end(),
    })
    if (keep) runDir.keep(machine.entry, seed.login)
    undo.move()
    return Object.assign(machine, { init })
  } catch (error) {
    signal.throwIfAborted()
    throw (await lack(error)) ?? (await fullDisk(runDir.path, error)) ?? (isLate(error) ? tooLate(name) : error)
  }
}

/** A hundred times what it takes, the engine too. */
const startLimitMs = 120_000

function isLate(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError'
}

function tooLate(name: string): MachineError {
  return new MachineError(`${name} was not ready within ${startLimitMs / 1000} s`, {
    mend: 'run it again with --keep, and look at /var/log/vethlab in the guest',
  })
}

/** What builds the sandbox can't say that its disk is full: its words go to that disk. */
async function fullDisk(folder: string, cause: unknown): Promise<unknown> {
  const { bavail } = await statfs(folder)
  if (bavail > 0 || cause instanceof HostError) return undefined
  return explainRunDirError(Object.assign(new Error('ENOSPC: no space left on device', { cause }), { code: 'ENOSPC' }))
}

/** The HostError that explains a failed start, if this host lacks something. */
async function lack(cause: unknown): Promise<HostError | undefined> {
  const finding = (await checkSandbox()).find(({ ok }) => !ok)
  return finding && new HostError(`the sandbox needs ${finding.need}: ${finding.saw}`, { mend: finding.mend, cause })
}
