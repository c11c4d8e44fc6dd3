import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import { dirname, join } from 'node:path'
import { defaultCache } from '../image/cache.ts'
import type { Image } from '../image/image.ts'
import type { Finding } from '../machine.ts'
import { cpuModel, qemuProgram } from './qemu/argv.ts'
import { probeBoot } from './qemu/probe.ts'
import { qemuBuild } from './qemu/version.ts'

/** Whether this host's KVM boots a kernel; `saw` says for people what happened. */
export interface KvmVerdict {
  works: boolean
  saw: string
}

export interface KvmOptions {
  signal: AbortSignal
  /** Folder in which verdicts are remembered; the user's cache by default. */
  cache?: string
  /** `/dev/kvm` by default. */
  device?: string
}

/**
 * Says whether machines of an image run under KVM, by booting the very kernel with the very CPU that they get. The
 * answer is remembered for as long as kernel, QEMU, CPU and this host's kernel stay the same. The image is not asked for
 * where it's clear without booting that KVM doesn't work.
 */
export async function decideKvm(
  getImage: () => Promise<Pick<Image, 'kernel' | 'initrd' | 'manifest'>>,
  { signal, cache = defaultCache(), device = '/dev/kvm' }: KvmOptions,
): Promise<KvmVerdict> {
  const program = qemuProgram(process.arch)
  const build = program && qemuBuild(program)
  if (!program || build === undefined) return { works: false, saw: 'QEMU is not installed' }
  const found = await findKvmDevice(device)
  if (!found.ok) return { works: false, saw: `${device} ${found.saw}` }

  const { kernel, initrd, manifest } = await getImage()
  const circumstances = { ...ofThisHost(build), kernel: manifest.files.vmlinuz.sha256 }
  const path = join(cache, 'kvm', `${circumstances.kernel.slice(0, 16)}.json`)
  const remembered = await read(path)
  if (remembered && holds(remembered, circumstances)) return remembered
  // Working KVM takes a third of a second; some that don't work hang.
  const { up, killed, saw } = await probeBoot({ kernel, initrd, program, accelerator: 'kvm', limitMs: 3000, signal })
  const verdict = { works: up, saw: up ? `KVM works: ${saw}` : `KVM opens but boots no kernel (${saw})` }
  // Who can't remember tries again the next time; and nothing is known of a kernel that was not left to boot.
  if (!killed) await write(path, { ...verdict, ...circumstances }).catch(() => {})
  return verdict
}

/** The verdicts that hold for this build of QEMU on this host, each with the file that holds it. Boots nothing. */
export async function rememberedKvmVerdicts(
  build: string,
  cache = defaultCache(),
): Promise<(KvmVerdict & { path: string })[]> {
  const folder = join(cache, 'kvm')
  const names = await readdir(folder).catch(() => [])
  const paths = names.filter(name => name.endsWith('.json')).map(name => join(folder, name))
  const verdicts = await Promise.all(paths.map(async path => ({ path, verdict: await read(path) })))
  return verdicts.flatMap(({ path, verdict }) =>
    verdict && holds(verdict, ofThisHost(build)) ? [{ works: verdict.works, saw: verdict.saw, path }] : [],
  )
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
      ? {
          need,
          ok: false,
          saw: 'is not there',
          mend: 'switch on (nested) virtualisation for this host, or go on without',
        }
      : {
          need,
          ok: false,
          saw: `cannot be opened by ${whoami()} (${code})`,
          mend: `sudo usermod -aG kvm ${whoami()}, and log in again; where that has no effect: ${udevRule}`,
        }
  }
}

/** In a container a user may have a number and no name. */
function whoami(): string {
  try {
    return os.userInfo().username
  } catch {
    return String(process.getuid?.())
  }
}

// The device's owner and mode are udev's to set; a chmod is gone with the next event.
const udevRule = [
  `echo 'KERNEL=="kvm", GROUP="kvm", MODE="0666", OPTIONS+="static_node=kvm"' | sudo tee /etc/udev/rules.d/99-kvm4all.rules`,
  'sudo udevadm control --reload-rules',
  'sudo udevadm trigger --name-match=kvm',
].join(' && ')

/** What a verdict was reached under. */
interface Circumstances {
  qemu: string
  cpu: string
  host: string
  kernel: string
}

function ofThisHost(qemu: string): Omit<Circumstances, 'kernel'> {
  const host = `${os.cpus()[0]?.model}, ${os.type()} ${os.release()} ${os.version()}`
  return { qemu, cpu: cpuModel('kvm'), host }
}

function holds(verdict: Record<string, unknown>, circumstances: Partial<Circumstances>): boolean {
  return Object.entries(circumstances).every(([name, value]) => verdict[name] === value)
}

async function write(path: string, verdict: KvmVerdict & Circumstances): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const half = `${path}.${process.pid}`
  try {
    await writeFile(half, `${JSON.stringify(verdict, null, 2)}\n`)
    await rename(half, path)
  } catch (error) {
    await rm(half, { force: true })
    throw error
  }
}

async function read(path: string): Promise<(KvmVerdict & Record<string, unknown>) | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isVerdict(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isVerdict(value: unknown): value is KvmVerdict & Record<string, unknown> {
  if (typeof value !== 'object' || value === null || !('works' in value) || !('saw' in value)) return false
  return typeof value.works === 'boolean' && typeof value.saw === 'string'
}
