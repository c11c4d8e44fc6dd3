import type { Suite } from '../suite.ts'
import { readSealed, seal } from './sealed.ts'

/** An image's files, by what they are for. */
export const imageFiles = { rootfs: 'root.sqfs', kernel: 'vmlinuz', initrd: 'initrd' } as const

type FileName = (typeof imageFiles)[keyof typeof imageFiles]

/** What an image is, kept beside its files as manifest.json. */
export interface Manifest {
  suite: Suite
  /** SHA-256 of the recipe. */
  recipe: string
  /** ISO 8601. */
  builtAt: string
  /** The kernel's release, as `uname -r` prints it. */
  release: string
  /** Version by name of package: of all that are installed, and of the kernel's. */
  packages: Record<string, string>
  /** Size in bytes and SHA-256 by name of file. */
  files: Record<FileName, { size: number; sha256: string }>
}

/** Writes the manifest, last of an image's files, and waits until all of them are on the disk. */
export async function writeManifest(dir: string, facts: Omit<Manifest, 'files'>): Promise<Manifest> {
  return (await seal(dir, Object.values(imageFiles), facts)) as Manifest
}

/** The manifest of the image in this folder; undefined when there is no such folder. */
export async function readManifest(dir: string): Promise<Manifest | 'unreadable' | undefined> {
  return await readSealed<Manifest>(dir, Object.values(imageFiles))
}
