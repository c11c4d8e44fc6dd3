import { readFile, writeFile } from 'node:fs/promises'
import type { SeedFile } from '../../guest/seed.ts'
import { writeCpio } from '../../image/cpio.ts'

export interface MachineInitrd {
  /** Path of the image's initrd: busybox and modules. */
  image: string
  /** Path of the `/init` that the kernel starts. */
  init: string
  /** What is laid over the root file system. */
  seed: readonly SeedFile[]
  /** Path of the file to write (mode 0600: a seed holds keys). */
  out: string
}

/** Writes one machine's initrd: the image's, and behind it what is this machine's own; the kernel unpacks both. */
export async function writeMachineInitrd({ image, init, seed, out }: MachineInitrd): Promise<void> {
  const own = writeCpio([
    { path: 'init', kind: 'file', mode: 0o755, content: await readFile(init) },
    ...seed.map(file => ({ ...file, kind: 'file' as const, path: `seed${file.path}` })),
  ])
  await writeFile(out, Buffer.concat([await readFile(image), own]), { mode: 0o600 })
}
