import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import os from 'node:os'
import { dirname, join } from 'node:path'
import type { Finding } from '../machine.ts'
import { cpuModel } from './qemu/argv.ts'
import { probeBoot } from './qemu/probe.ts'

/** Whether this host's KVM boots a kernel; `saw` says for people what happened. */
export interface KvmVerdict {
  works: boolean
  saw: string
}

export interface KvmProbe {
  /** Paths of the kernel that machines boot, and of its image's initrd. */
  kernel: string
  initrd: string
  program: string
  /** What the program says of its version: another QEMU is probed anew. */
  version: string
  /** Folder in which verdicts are remembered. */
  cacheDir: string
  signal: AbortSignal
}

/** Looks whether /dev/kvm is there and can be opened. That it works is another question: nested ones open and boot nothing. */
export async function findKvmDevice(device = '/dev/kvm'): Promise<Finding> {
  const need = `${device}, to run machines at full speed`
  try {
    const file = await open(device, 'r+')
    await file.close()
    return { need, ok: true, saw: 'can be opened', mend: '' }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code === 'ENOENT'
      ? { need, ok: false, saw: 'not there', mend: 'switch on (nested) virtualisation for this host, or go on without' }
      : {
          need,
          ok: false,
          saw: `cannot be opened by ${os.userInfo().username} (${code})`,
          mend: `sudo usermod -aG kvm ${os.userInfo().username}, and log in again; where that has no effect: ${udevRule}`,
        }
  }
}

// The device's owner and mode are udev's to set; a chmod is gone with the next event.
const udevRule = [
  `echo 'KERNEL=="kvm", GROUP="kvm", MODE="0666", OPTIONS+="static_node=kvm"' | sudo tee /etc/udev/rules.d/99-kvm4all.rules`,
  'sudo udevadm control --reload-rules',
  'sudo udevadm trigger --name-match=kvm',
].join(' && ')

/**
 * Says whether KVM works, by booting the very kernel with the very CPU that machines get. The answer is remembered for as
 * long as kernel, QEMU, CPU and this host's kernel stay the same.
 */
export async function probeKvm(probe: KvmProbe): Promise<KvmVerdict> {
  const path = await verdictPath(probe)
  const remembered = await read(path)
  if (remembered) return remembered
  // Working KVM takes a third of a second; some that don't work hang.
  const { up, saw } = await probeBoot({ ...probe, accelerator: 'kvm', limitMs: 3000 })
  const verdict: KvmVerdict = { works: up, saw }
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.${process.pid}`, `${JSON.stringify(verdict)}\n`)
  await rename(`${path}.${process.pid}`, path)
  return verdict
}

/** The verdict of an earlier probe, and the file that holds it; undefined when there was none. Boots nothing. */
export async function rememberedKvmVerdict(
  probe: Omit<KvmProbe, 'initrd' | 'signal'>,
): Promise<(KvmVerdict & { path: string }) | undefined> {
  const path = await verdictPath(probe)
  const verdict = await read(path)
  return verdict && { ...verdict, path }
}

async function verdictPath({ kernel, version, cacheDir }: Omit<KvmProbe, 'initrd' | 'signal'>): Promise<string> {
  const kernelHash = createHash('sha256')
    .update(await readFile(kernel))
    .digest('hex')
  const host = [os.release(), os.version(), os.cpus()[0]?.model]
  const key = createHash('sha256').update(JSON.stringify([kernelHash, version, cpuModel('kvm'), host]))
  return join(cacheDir, 'kvm', `${key.digest('hex').slice(0, 16)}.json`)
}

async function read(path: string): Promise<KvmVerdict | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isVerdict(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isVerdict(value: unknown): value is KvmVerdict {
  return (
    typeof value === 'object' &&
    value !== null &&
    'works' in value &&
    typeof value.works === 'boolean' &&
    'saw' in value &&
    typeof value.saw === 'string'
  )
}
