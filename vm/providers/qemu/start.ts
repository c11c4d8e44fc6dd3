import { HostError, MachineError } from '../../errors.ts'
import { sweepRunDirs } from '../run-dir/sweep.ts'
import { boot } from './boot.ts'
import { bringUp, type VirtualMachine, type VirtualMachineRequest } from './bring-up.ts'
import { clone } from './clone.ts'
import { EndedByItself } from './explain.ts'
import { QemuFrozen } from './frozen.ts'
import { ensureTemplate, isCurrent, type Template } from './template.ts'

export type { VirtualMachine, VirtualMachineRequest } from './bring-up.ts'

/**
 * Starts a virtual machine: as a clone of a template, which is made if there is none, or by booting it if it is to be
 * `cold`. Throws a MachineError, with the guest's last words, when it doesn't come up.
 */
export async function startVirtualMachine(request: VirtualMachineRequest): Promise<VirtualMachine> {
  await sweepRunDirs()
  const template = request.cold ? undefined : await templateFor(request)
  if (!template) return await bringUp(request, boot(request))
  try {
    return await bringUp(request, clone(request, template))
  } catch (error) {
    if (request.signal.aborted || !isToBlame(error)) throw error
    // Somebody has replaced it meanwhile, and it's nobody's fault, or it is no good, whatever its checksums say.
    if (await isCurrent(template)) request.report(`${firstLine(error)}; making its template anew`)
    const another = await ensureTemplate({ ...request, besides: template })
    return await bringUp(request, clone(request, another))
  }
}

/** May a clone's failure be its template's? Who kills or stops a clone means the clone. */
function isToBlame(error: unknown): error is MachineError {
  if (error instanceof EndedByItself) return error.end.signal !== 'SIGKILL'
  return error instanceof MachineError && !(error.cause instanceof QemuFrozen)
}

/** The template to clone; undefined, with a report, where there is no room for one: the machine is as good without. */
async function templateFor(request: VirtualMachineRequest): Promise<Template | undefined> {
  try {
    return await ensureTemplate(request)
  } catch (error) {
    if (!(error instanceof HostError)) throw error
    request.report(`${error.message}; booting instead, which takes longer (to mend it: ${error.mend})`)
    return undefined
  }
}

function firstLine({ message }: Error): string {
  return message.split('\n')[0] ?? ''
}
