import { HostError } from '../errors.ts'
import { ensureImage, type Image } from '../image/image.ts'
import type { Machine, MachineRequest } from '../machine.ts'
import type { Joiner } from '../segment.ts'
import { explainRunDirError } from './run-dir/base.ts'
import { checkSandbox } from './sandbox/check.ts'
import { ensureEngineData } from './sandbox/engine-data.ts'
import { joinSandboxes } from './sandbox/segment.ts'
import { startSandbox } from './sandbox/start.ts'

/**
 * A machine without a VM: own namespaces and an own root file system on the running kernel, ready in a blink.
 * It needs root, and gives none of it back: who is root in the guest is root on the host, only out of sight of it.
 */
export const sandbox: Joiner = { name: 'sandbox', check: checkSandbox, start, join: joinSandboxes }

async function start(request: MachineRequest): Promise<Machine> {
  await refuseIfLacking()
  const { suite, report, signal } = request
  const image = await ensureImage(suite, { report, signal })
  const onImage = { ...request, rootfs: image.rootfs }
  try {
    return await startSandbox({ ...onImage, engineData: await engineDataFor(image, request) })
  } catch (error) {
    throw explainRunDirError(error)
  }
}

/** undefined for a machine without an engine, and where it can't be prepared: then the machine loads its images itself. */
async function engineDataFor(image: Image, request: MachineRequest): Promise<string | undefined> {
  const { engine, cold, report, signal } = request
  if (!engine || cold) return undefined
  const alone = { ...request, hostname: undefined, keep: false, label: 'engine-data', rootfs: image.rootfs }
  try {
    return await ensureEngineData({ image, startLoading: () => startSandbox(alone), report, signal })
  } catch (error) {
    signal.throwIfAborted()
    report(
      `the engine's data can't be prepared, so each machine loads its images: ${(error as Error).message.split('\n')[0]}`,
    )
    return undefined
  }
}

// Before an image is built in vain. All else is found out by starting, and explained when that fails.
async function refuseIfLacking(): Promise<void> {
  if (process.platform === 'linux' && process.getuid?.() === 0) return
  const lack = (await checkSandbox()).find(finding => !finding.ok)
  throw new HostError(`the sandbox needs ${lack?.need}: ${lack?.saw}`, { mend: lack?.mend ?? '' })
}
