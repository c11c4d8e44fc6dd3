import { rename, rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { execa } from 'execa'
import { type CpioEntry, writeCpio } from './cpio.ts'

/**
 * What a machine's root and its control channel need of the kernel, in any suite. Some are built in, depending on the
 * kernel; udev isn't there to load the others.
 */
export const rootModules = [
  'virtio_pci', // the bus that all of QEMU's devices below sit on
  'virtio_blk', // the root file system's disk
  'virtio_console', // the control channel's port
  'virtio_rng', // sshd waits for random numbers; under TCG there is no RDRAND to trust
  'squashfs', // the root file system
  'overlay', // what the guest writes, on top of it
] as const

export interface InitrdRequest {
  /** Path of the image's root file system, a squashfs that holds busybox and the kernel's modules. */
  rootfs: string
  /** The kernel's release, e.g. `6.12.43+deb13-cloud-amd64`. */
  release: string
  /** Path of the initrd to write; it appears there whole or not at all. */
  out: string
  signal: AbortSignal
}

/**
 * Builds the image's part of the initrd: `bin/busybox`, the modules in `modules/`, and their order of loading in
 * `modules.order`. Its `/init` comes with each machine, in a second archive behind this one: an image holds nothing
 * of ours that could be older than the code that boots it.
 */
export async function buildInitrd({ rootfs, release, out, signal }: InitrdRequest): Promise<void> {
  const read = (path: string) => readFromSquashfs(rootfs, path, signal)
  const folder = `usr/lib/modules/${release}`
  const paths = moduleOrder((await read(`${folder}/modules.dep`)).toString(), rootModules)

  const modules: CpioEntry[] = []
  for (const path of paths) {
    const content = await decompress(path, await read(`${folder}/${path}`), signal)
    modules.push({ path: `modules/${moduleName(path)}.ko`, kind: 'file', mode: 0o644, content })
  }
  const archive = writeCpio([
    { path: 'bin/busybox', kind: 'file', mode: 0o755, content: await read('usr/bin/busybox') },
    ...modules,
    { path: 'modules.order', kind: 'file', mode: 0o644, content: paths.map(path => `${moduleName(path)}\n`).join('') },
  ])

  const half = `${out}.part`
  try {
    await writeFile(half, archive, { signal })
    await rename(half, out)
  } finally {
    await rm(half, { force: true })
  }
}

/**
 * The files to load, each after those that it depends on, from the text of `modules.dep`
 * (`kernel/fs/overlayfs/overlay.ko.xz: kernel/…`). A wanted module that isn't listed there is built into the kernel.
 */
export function moduleOrder(modulesDep: string, wanted: readonly string[]): string[] {
  const needs = new Map<string, string[]>()
  for (const line of modulesDep.split('\n')) {
    const [path, rest] = line.split(':')
    if (path && rest !== undefined) needs.set(path, rest.split(' ').filter(Boolean))
  }
  const byName = new Map([...needs.keys()].map(path => [moduleName(path), path]))

  const order = new Set<string>()
  const add = (path: string) => {
    for (const need of needs.get(path) ?? []) add(need)
    order.add(path)
  }
  for (const name of wanted) {
    const path = byName.get(name)
    if (path) add(path)
  }
  return [...order]
}

/** `kernel/drivers/char/hw_random/virtio-rng.ko.xz` is the module `virtio_rng`: the file's dashes are a matter of taste. */
function moduleName(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1)
  return file.slice(0, file.indexOf('.ko')).replaceAll('-', '_')
}

async function readFromSquashfs(rootfs: string, path: string, signal: AbortSignal): Promise<Buffer> {
  const { stdout } = await execa('unsquashfs', ['-cat', rootfs, path], { ...bytes, cancelSignal: signal })
  return Buffer.from(stdout)
}

/** busybox's insmod hands the kernel what it reads, so a module goes into the initrd as the kernel wants it. */
async function decompress(path: string, content: Buffer, signal: AbortSignal): Promise<Buffer> {
  if (path.endsWith('.zst')) return await promisify(zstdDecompress)(content)
  if (!path.endsWith('.xz')) return content
  const { stdout } = await execa('xz', ['-dc'], { ...bytes, input: content, cancelSignal: signal })
  return Buffer.from(stdout)
}

const bytes = { encoding: 'buffer', stripFinalNewline: false, maxBuffer: 64 * 1024 * 1024 } as const
