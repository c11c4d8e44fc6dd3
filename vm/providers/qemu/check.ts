import { HostError } from '../../errors.ts'
import { aptLine, findTool } from '../../image/tools.ts'
import type { Finding } from '../../machine.ts'
import { findKvmDevice, rememberedKvmVerdicts } from '../kvm.ts'
import { qemuProgram } from './argv.ts'
import { qemuBuild, qemuVersion } from './version.ts'

/** What running virtual machines needs of this host, for the doctor. Boots nothing. */
export async function checkQemu(): Promise<Finding[]> {
  const program = qemuProgram(process.arch)
  if (!program) return [{ need: 'a processor that machines are made for', ...noProgram }]
  const version = findTool(program) && (await qemuVersion(program))
  const socat = findTool('socat')
  return [
    {
      need: program,
      ok: version !== undefined,
      saw: version ?? 'not on PATH',
      mend: version === undefined ? aptLine([qemuPackage]) : '',
    },
    {
      need: 'socat, to enter a machine that is kept',
      ok: socat !== undefined,
      optional: true,
      saw: socat ?? 'not on PATH',
      mend: socat ? '' : aptLine(['socat']),
    },
    { ...(await findKvmDevice()), optional: true },
    ...(await rememberedKvmVerdicts(qemuBuild(program) ?? '')).map(verdictFinding),
  ]
}

/** The QEMU program for this host. Throws a HostError where there is none. */
export function requireQemu(): string {
  const program = qemuProgram(process.arch)
  if (!program) throw new HostError(`no virtual machine for ${process.arch} hosts`, { mend: noProgram.mend })
  if (findTool(program) === undefined) {
    throw new HostError(`${program} is not installed`, { mend: `${aptLine([qemuPackage])} (or --on sandbox, as root)` })
  }
  return program
}

const qemuPackage = 'qemu-system-x86'

const noProgram = { ok: false, saw: process.arch, mend: 'use an x64 host, or --on sandbox, or --on ssh://user@host' }

function verdictFinding(verdict: { works: boolean; saw: string; path: string }): Finding {
  return {
    need: 'KVM that boots a kernel (machines run emulated without)',
    ok: verdict.works,
    optional: true,
    saw: verdict.saw,
    mend: verdict.works ? '' : `to have it tried again: rm ${verdict.path}`,
  }
}
